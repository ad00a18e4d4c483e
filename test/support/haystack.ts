/** Everything that a run has left behind, as text, and secrets looked for in it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@parcelpost/shared/db/database.js';
import { Redis } from 'ioredis';

/**
 * Every row of every table of a database, by the schema that it is in: ours (`public`), and the queue's where it is there.
 */
export async function databaseTexts(db: Database): Promise<Record<string, string>> {
  const tables = (await db('pg_tables').whereNotIn('schemaname', ['pg_catalog', 'information_schema'])) as {
    schemaname: string;
    tablename: string;
  }[];
  const parts: Record<string, string[]> = {};
  for (const { schemaname, tablename } of tables) {
    const { rows } = await db.raw<{ rows: { text: string }[] }>('select t::text as text from ??.?? t', [
      schemaname,
      tablename,
    ]);
    parts[schemaname] ??= [];
    parts[schemaname].push(...rows.map(({ text }) => text));
  }
  return Object.fromEntries(Object.entries(parts).map(([schema, texts]) => [schema, texts.join('\n')]));
}

/** Every row of every table of a database, whatever schema it is in. */
export const databaseText = async (db: Database): Promise<string> => Object.values(await databaseTexts(db)).join('\n');

/** Everything below a queue's prefix in Redis, keys and values. */
export async function redisText(url: string, prefix: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const read: Record<string, (key: string) => Promise<unknown>> = {
      string: (key) => redis.get(key),
      hash: (key) => redis.hgetall(key),
      list: (key) => redis.lrange(key, 0, -1),
      set: (key) => redis.smembers(key),
      zset: (key) => redis.zrange(key, '0', '-1'),
      stream: (key) => redis.xrange(key, '-', '+'),
      none: async () => null, // it went just now
    };
    const parts: string[] = [];
    for (const key of await redis.keys(`*${prefix}*`)) {
      const reader = read[await redis.type(key)];
      if (!reader) throw new Error(`no reader for ${key}`);
      parts.push(key, JSON.stringify(await reader(key)));
    }
    return parts.join('\n');
  } finally {
    await redis.quit();
  }
}

/** Files below a folder, what is in zips unpacked. */
export function storageText(folder: string, paths: readonly string[]): string {
  return paths.map((path) => fileText(join(folder, path))).join('\n');
}

function fileText(path: string): string {
  if (path.endsWith('.zip')) return execFileSync('unzip', ['-p', path], { maxBuffer: 1 << 26 }).toString('latin1');
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    // Fragments go once the bundle is there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Where secrets lie about: `<name> in <place>` for each that is there as text, or in an encoding.
 * @param secrets by what they are called
 * @param places texts, by where they are from
 */
export function found(secrets: Record<string, string>, places: Record<string, string>): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const looks = forms(secret);
    return Object.entries(places)
      .filter(([, text]) => looks.some((form) => text.includes(form)))
      .map(([place]) => `${name} in ${place}`);
  });
}

/** A secret as text, and as the encodings in which it might lie about. */
function forms(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('hex'),
    // Base64 by the three places at which a text can begin, without what its neighbours have a part in.
    ...[0, 1, 2].map((before) =>
      Buffer.from('.'.repeat(before) + secret)
        .toString('base64')
        .slice(before === 0 ? 0 : before + 1, -4),
    ),
  ];
}
