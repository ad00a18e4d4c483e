import type { Logger } from './log.js';

/** How long a whole stop may take; an engine that does not answer must not keep the process. */
const STOP_LIMIT_MS = 20_000;

/**
 * Has SIGTERM and SIGINT stop this process: once, in order, and within 20 seconds; past them it exits with status 1, and
 * what was left is for others to take over.
 * @param stop closes everything; the process ends by itself when nothing is left open
 */
export function stopOnSignals(stop: () => Promise<void>, log: Logger): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error('stopping takes too long; what is left is broken off');
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
    stop().then(
      () => log.info('stopped'),
      (error) => {
        log.error({ err: error }, 'could not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
