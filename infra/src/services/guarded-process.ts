/**
 * A service's process that cannot outlive this one.
 *
 * Between the two stands a small shell that holds the reading end of a pipe from here: when the pipe closes, because
 * `stop` closed it or because this process ended in whatever way (SIGKILL too), the shell signals the service and waits
 * for it. Both run in a session of their own, so that Ctrl-C in a terminal reaches only us and services end last.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';

const GUARD = `
signal=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
service=$!
( while read -r _; do :; done <&3; kill -s "$signal" "$service" 2>/dev/null ) &
watcher=$!
exec 3<&-
wait "$service"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

export interface GuardedProcess {
  /** Resolves with the exit code once the service has ended. */
  readonly exited: Promise<number | null>;
  readonly running: () => boolean;
  /** Ends the service and waits until it is gone; after `graceMs` (default 15 s) by force. Repeating it is harmless. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts `command` under guard.
 * @param options.account whom it runs as, if not as ourselves
 * @param options.logFile what it prints; emptied at each start
 * @param options.stopSignal asks it to end (default TERM)
 */
export function spawnGuarded(
  command: string,
  args: string[],
  options: {
    account?: { uid: number; gid: number } | undefined;
    env?: NodeJS.ProcessEnv;
    logFile: string;
    stopSignal?: 'TERM' | 'INT';
  },
): GuardedProcess {
  // The log of an earlier start may be another user's.
  rmSync(options.logFile, { force: true });
  const log = openSync(options.logFile, 'w', 0o600);
  let shell: ChildProcess;
  try {
    shell = spawn('/bin/sh', ['-c', GUARD, 'guard', options.stopSignal ?? 'TERM', command, ...args], {
      ...options.account,
      cwd: '/',
      env: options.env ?? process.env,
      detached: true,
      stdio: ['pipe', log, log],
    });
  } finally {
    closeSync(log);
  }
  let running = true;
  const exited = once(shell, 'exit').then(
    ([code]: (number | null)[]) => code ?? null,
    () => null,
  );
  void exited.then(() => {
    running = false;
    shell.stdin?.destroy();
  });
  shell.stdin?.on('error', () => undefined);
  // A program that is done may end without stopping its services: the guard then does it.
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();

  let stopping: Promise<void> | undefined;
  const end = async (graceMs: number): Promise<void> => {
    if (!running || shell.pid === undefined) return;
    const group = -shell.pid;
    shell.ref();
    shell.stdin?.end();
    const force = setTimeout(() => {
      try {
        process.kill(group, 'SIGKILL');
      } catch {
        // It went by itself in the meantime.
      }
    }, graceMs);
    await exited;
    clearTimeout(force);
  };
  return {
    exited,
    running: () => running,
    stop: (graceMs = 15_000) => {
      stopping ??= end(graceMs);
      return stopping;
    },
  };
}
