/** Which of the things that rows tell of are still in storage, as long as they were. */
import type { Storage } from '@parcelpost/shared/storage/storage.js';

/** Objects of storage looked at together. */
const LOOKS = 16;

/** @returns those all of whose objects are there, with their sizes, in the same order */
export async function there<T>(
  storage: Storage,
  things: readonly T[],
  objectsOf: (thing: T) => readonly { key: string; bytes: number }[],
): Promise<T[]> {
  const objects = things.flatMap(objectsOf);
  const lost = new Set<string>();
  for (let at = 0; at < objects.length; at += LOOKS) {
    await Promise.all(
      objects.slice(at, at + LOOKS).map(async ({ key, bytes }) => {
        if ((await storage.stat(key))?.bytes !== bytes) lost.add(key);
      }),
    );
  }
  return things.filter((thing) => objectsOf(thing).every(({ key }) => !lost.has(key)));
}
