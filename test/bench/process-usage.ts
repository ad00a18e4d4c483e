/** What processes used, as Linux tells it (proc(5)); elsewhere there is nothing to tell. */
import { readFile, writeFile } from 'node:fs/promises';

const KIB_PER_MIB = 1024;
/** Ticks of /proc/<pid>/stat in a second: fixed at 100 in what Linux shows to programs. */
const TICKS = 100;

/** Peak resident memory of a process in MiB since its start or the last {@link resetPeak}; undefined where unknown. */
export async function peakMib(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? undefined : Number(kib) / KIB_PER_MIB;
  } catch {
    return undefined;
  }
}

/** Forgets a process's peak (clear_refs 5), where that is allowed. */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

/** Seconds of processor time that processes have used so far, in user and system mode; undefined where unknown. */
export async function cpuSeconds(pids: number[]): Promise<number | undefined> {
  try {
    const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')));
    // The second field, the name, may hold spaces; user and system time are the 14th and 15th.
    const ticks = stats.map((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' '));
    return ticks.reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0) / TICKS;
  } catch {
    return undefined;
  }
}
