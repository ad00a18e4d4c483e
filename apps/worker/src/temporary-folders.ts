/**
 * Folders in `TMPDIR` for what is not written front to back. Their names bear the machine and the process that made them, so
 * that what a killed one left is known, and cleared away by whichever worker runs there next; and a text of the process's own,
 * so that it knows its folders from the moment they are there.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = /^parcelpost-(?:gpkg|fgb|verify)-(?:([0-9a-f]{8})-(\d+)-(?:([0-9a-f]{8})-)?)?\w{6}$/;
/** Of this machine; of a container that starts again the same as before. */
export const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** What nobody has touched for so long is nobody's: whether a process of another machine runs cannot be seen from here. */
const UNTOUCHED_MS = 6 * 3_600_000;

/** Of this process. */
const OURS = randomBytes(4).toString('hex');

/** Makes a folder; {@link removeTemporary} is the end of it. */
export async function temporaryFolder(kind: 'gpkg' | 'fgb' | 'verify'): Promise<string> {
  return mkdtemp(join(tmpdir(), `parcelpost-${kind}-${HOST}-${process.pid}-${OURS}-`));
}

/** Removes a folder of {@link temporaryFolder}, and all that is in it. */
export async function removeTemporary(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Removes folders whose process is gone: of this machine at once, of others when nobody has touched them for hours. Of this
 * process's number are those too that it has not made: a container that starts again counts from the beginning.
 * @returns how many, and their bytes
 */
export async function clearTemporary(now = Date.now()): Promise<{ folders: number; bytes: number }> {
  const root = tmpdir();
  const cleared = { folders: 0, bytes: 0 };
  for (const name of await readdir(root)) {
    const [matched, host, pid, whose] = NAME.exec(name) ?? [];
    const folder = join(root, name);
    if (matched === undefined || whose === OURS) continue;
    const { touched, bytes } = await lookInto(folder);
    if (!(host === HOST && isGone(Number(pid))) && now - touched < UNTOUCHED_MS) continue;
    await rm(folder, { recursive: true, force: true });
    cleared.folders += 1;
    cleared.bytes += bytes;
  }
  return cleared;
}

function isGone(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** When a folder or anything in it was changed last, and how large it is. What vanishes meanwhile is passed over. */
async function lookInto(folder: string): Promise<{ touched: number; bytes: number }> {
  let touched = 0;
  let bytes = 0;
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of ['.', ...names]) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (!found) continue;
    touched = Math.max(touched, found.mtimeMs);
    if (found.isFile()) bytes += found.size;
  }
  return { touched, bytes };
}
