/** A file beside a part that says who writes it: two processes must not. One that died holds it no longer. */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isObject } from '@parcelpost/shared/is-object.js';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';
import { shellWord } from './printable.js';

/** How often a holder shows that it is alive. */
const SIGN_OF_LIFE_MS = 30_000;
/** One of another machine, or under the number of another process, is dead after so long without a sign. */
const DEAD_MS = 5 * 60_000;
/** Others may take a lock that fell free as often before we leave it to them. */
const MOST_TRIES = 5;

interface Holder {
  host: string;
  pid: number;
  key: string;
}

/** Locks of this process: a file that names its number and is none of them is of a process before it. */
const ours = new Set<string>();

export class PartLock {
  readonly #signs: NodeJS.Timeout;

  private constructor(
    readonly path: string,
    readonly key: string,
    /** The holder before may only be asleep, and go on writing to the part as it is. */
    readonly mayBeWrittenTo: boolean,
  ) {
    this.#signs = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), SIGN_OF_LIFE_MS);
    this.#signs.unref();
  }

  /**
   * Takes the lock of a part.
   * @throws {CliError} `file-busy` while somebody has it
   * @throws whatever the file system does
   */
  static async take(part: string): Promise<PartLock> {
    const path = `${part}.lock`;
    const key = randomUUID();
    ours.add(key);
    try {
      let asleep = false;
      for (let n = 0; n < MOST_TRIES; n++) {
        if (await made(path, { host: hostname(), pid: process.pid, key })) return new PartLock(path, key, asleep);
        const text = await readFile(path, 'utf8').catch(() => undefined);
        if (text === undefined) continue;
        const state = await stateOf(path, text);
        if (state === 'held') throw busy(part, path, text);
        asleep = state === 'silent';
        await remove(path, text);
      }
      throw busy(part, path, '');
    } catch (error) {
      ours.delete(key);
      throw error;
    }
  }

  /** Gives it back, unless somebody took it away meanwhile. */
  async release(): Promise<void> {
    clearInterval(this.#signs);
    if (!ours.delete(this.key)) return;
    const text = await readFile(this.path, 'utf8').catch(() => '');
    if (holderOf(text)?.key === this.key) await unlink(this.path).catch(() => {});
  }
}

/** Makes the file; false where there is one. For a moment it is empty: held, by somebody who has yet to say who. */
async function made(path: string, holder: Holder): Promise<boolean> {
  const file = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (!file) return false;
  try {
    await file.writeFile(JSON.stringify(holder));
    return true;
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}

/** `dead`: that process is no more. `silent`: nobody can say, but it has shown no sign of life for long. */
async function stateOf(path: string, text: string): Promise<'held' | 'dead' | 'silent'> {
  const holder = holderOf(text);
  if (holder?.host === hostname()) {
    if (holder.pid === process.pid ? !ours.has(holder.key) : !isAlive(holder.pid)) return 'dead';
    if (holder.pid === process.pid) return 'held';
  }
  const seen = await stat(path).catch(() => undefined);
  if (!seen) return 'dead';
  return Date.now() - seen.mtimeMs > DEAD_MS ? 'silent' : 'held';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes the lock that was read, and puts back one that somebody else has made since. */
async function remove(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => {});
    await unlink(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function holderOf(text: string): Holder | undefined {
  try {
    const read: unknown = JSON.parse(text);
    const { host, pid, key } = isObject(read) ? read : {};
    if (typeof host !== 'string' || !Number.isSafeInteger(pid) || typeof key !== 'string') return undefined;
    return (pid as number) > 0 ? { host, pid: pid as number, key } : undefined;
  } catch {
    return undefined;
  }
}

function busy(part: string, lock: string, text: string): CliError {
  const holder = holderOf(text);
  const who = holder ? ` (process ${holder.pid} on ${shellWord(holder.host)})` : '';
  return new CliError(EXIT.file, 'file-busy', `${shellWord(part)} is being written to by another command${who}.`, {
    advice: [
      'Wait for it, or name another file with --out',
      `If there is no such command any more, remove ${shellWord(lock)}`,
    ],
  });
}
