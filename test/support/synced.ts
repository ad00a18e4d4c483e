/** Which files and folders this process has had the disk waited for. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { vi } from 'vitest';

export interface Syncs {
  /** Whether the disk was waited for a file, or folder, that lies there now. */
  of(path: string): Promise<boolean>;
  /** What has been waited for, in order. */
  readonly kinds: ('file' | 'folder')[];
  stop(): void;
}

/** Notes each `fsync` by the inode, which a file keeps when it is renamed; they are done all the same. */
export async function noteSyncs(): Promise<Syncs> {
  const some = await open('.', 'r');
  const prototype = Object.getPrototypeOf(some) as FileHandle;
  await some.close();
  const sync = prototype.sync;
  const inodes = new Set<number>();
  const kinds: Syncs['kinds'] = [];
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const about = await this.stat();
    await sync.call(this);
    inodes.add(about.ino);
    kinds.push(about.isFile() ? 'file' : 'folder');
  });
  return { of: async (path) => inodes.has((await stat(path)).ino), kinds, stop: () => spy.mockRestore() };
}
