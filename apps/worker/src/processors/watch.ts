/** Looks, while a piece of work runs, whether it is still wanted; also while it waits for a slow platform. */
import type { JobStart } from '@parcelpost/shared/db/services/export-jobs.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { WorkerDeps } from './deps.js';
import { AbortedError } from './failure.js';

/** Milliseconds between two looks. */
const LOOK_MS = 500;

export interface Watch {
  /** Follows the job's own signal, and is aborted with an {@link AbortedError} once the work is to stop. */
  readonly signal: AbortSignal;
  /** Says how many records have been read so far; the next look notes it. */
  read(rows: number): void;
  /** Ends the looking. */
  stop(): void;
}

/** Begins to look. A look that fails is left to the next one. */
export function watch({ jobs }: Pick<WorkerDeps, 'jobs'>, key: JobStart, outer: AbortSignal, log: Logger): Watch {
  const controller = new AbortController();
  let rows = 0;
  let stopped = false;
  let timer: NodeJS.Timeout;
  const look = async () => {
    try {
      const reason = await jobs.look(key, rows);
      if (reason && !stopped) return controller.abort(new AbortedError(reason));
    } catch (error) {
      log.debug({ err: error }, 'could not look whether this work is still wanted');
    }
    if (!stopped) again();
  };
  const again = () => {
    timer = setTimeout(look, LOOK_MS);
  };
  again();
  return {
    signal: AbortSignal.any([outer, controller.signal]),
    read: (read) => {
      rows = read;
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
