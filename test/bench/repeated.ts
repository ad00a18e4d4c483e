/** The same export several times, with what it took of time, memory and processor. */
import type { Fleet } from './fleet.js';
import { median, type Timing, timeExport, type Wanted } from './measure.js';
import { cpuSeconds, peakMib, resetPeak } from './process-usage.js';
import { type Stage, stagesOf } from './stages.js';

export interface Repeated {
  /** Median over the runs, from request to last byte. */
  seconds: number;
  runs: number[];
  /** The run nearest to the median, and its stages. */
  timing: Timing;
  stages: Stage[];
  /** Highest resident memory over the runs, in MiB. */
  peaks: { workers: (number | undefined)[]; producer: number | undefined };
  /** Seconds of processor time for one run, on average. */
  cpu: { workers: number | undefined; producer: number | undefined };
}

/** Throws if an export does not complete, or holds another number of records than `rows`. */
export async function repeatExport(fleet: Fleet, wanted: Wanted, rows: number, repeat: number): Promise<Repeated> {
  const workers = fleet.workers.map(({ pid }) => pid);
  const producer = [fleet.producer.pid];
  await Promise.all([...workers, ...producer].map(resetPeak));
  const before = await Promise.all([workers, producer].map(cpuSeconds));
  const timings: Timing[] = [];
  for (let run = 0; run < repeat; run++) {
    const timing = await timeExport(fleet, wanted);
    if (timing.rows !== rows) throw new Error(`export ${timing.id} holds ${timing.rows} records, not ${rows}`);
    timings.push(timing);
  }
  const after = await Promise.all([workers, producer].map(cpuSeconds));
  const [workerCpu, producerCpu] = after.map((now, index) => {
    const then = before[index];
    return now === undefined || then === undefined ? undefined : (now - then) / repeat;
  });
  const runs = timings.map((timing) => timing.seconds);
  const middle = median(runs);
  const typical = timings.reduce((best, timing) =>
    Math.abs(timing.seconds - middle) < Math.abs(best.seconds - middle) ? timing : best,
  );
  return {
    seconds: middle,
    runs,
    timing: typical,
    stages: await stagesOf(fleet.db, typical.id),
    peaks: { workers: await Promise.all(workers.map(peakMib)), producer: await peakMib(fleet.producer.pid) },
    cpu: { workers: workerCpu, producer: producerCpu },
  };
}
