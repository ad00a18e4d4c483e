/** Peak resident memory of processes, as Linux tells it; elsewhere there is none to tell. */
import { readFile, writeFile } from 'node:fs/promises';

const MIB = 1024;

/** Peak resident memory of a process in MiB since its start or the last {@link resetPeak}; undefined where unknown. */
export async function peakMib(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? undefined : Number(kib) / MIB;
  } catch {
    return undefined;
  }
}

/** Forgets a process's peak (proc(5), clear_refs 5), where that is allowed. */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}
