/**
 * Named places at which a process may be told to die, so that what the documentation promises of each can be tried.
 * `CRASH_AT=map.page` kills the process with SIGKILL the first time it comes by; `CRASH_AT=map.page:3` the third time.
 * With `CRASH_ONCE=<file>` only the first process to make that file dies. Without `CRASH_AT` nothing ever happens.
 */
import { closeSync, openSync } from 'node:fs';

/** Every crash point, and what has and has not happened there. docs/crashes.md says what follows from each. */
export const CRASH_POINTS = {
  'request.recorded': 'the export is committed; its flow is not in the queue',
  'retry.recorded': 'the next generation is committed; its flow is not in the queue',
  'relay.taken': 'rows of the outbox are locked; nothing is in the queue',
  'relay.entered': 'the jobs are in the queue; the outbox does not say so yet',
  'plan.kept': 'the plan is on its row; no shard is in the queue',
  'plan.adding': 'some of the shards are in the queue',
  'plan.settled': 'all shards have ended; no file is being made',
  'map.page': 'a page of a shard has been read and encoded',
  'map.fragments': 'the fragments of a shard are in storage; its row does not say so',
  'reduce.written': 'a file is in storage; its row does not say so',
  'merge.bundled': 'the bundle is in storage and verified; nothing is decided',
  'merge.decided': 'the outcome and its follow-ups are committed; none is in the queue',
  'deferred.committed': 'an action is committed, and what it deferred until then; none of that is in a queue',
  'follow-up.began': 'the row says that a follow-up is being run; nothing has been sent',
  'follow-up.handled': 'the follow-up has done its deed; its row does not say so',
  'follow-up.settled': 'the row, and what comes after it in the canvas, are committed; nothing of it is in the queue',
  'collect.read': 'the result of another service’s task has been read; its row does not say so',
} as const;

export type CrashPoint = keyof typeof CRASH_POINTS;

let passes = 0;

/** Dies here if `CRASH_AT` says so. */
export function crashPoint(point: CrashPoint): void {
  const wanted = process.env.CRASH_AT;
  if (wanted === undefined) return;
  const [name, nth = '1'] = wanted.split(':');
  if (name !== point) return;
  passes += 1;
  if (passes !== Number(nth) || !mayDie()) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before this call returns to the event loop, but not necessarily before the next line.
  for (;;);
}

function mayDie(): boolean {
  const file = process.env.CRASH_ONCE;
  if (file === undefined) return true;
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}
