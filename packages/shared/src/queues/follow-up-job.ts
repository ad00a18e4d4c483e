/** The job of a follow-up: what a service in any language needs to run it, and what ours compares it with. */
import type { JobsOptions } from 'bullmq';
import { canonicalJson } from '../canonical-json.js';
import type { OutboxRow } from '../db/services/outbox.js';
import { bareInput, type JsonValue } from '../export-result.js';
import { SIGNATURE_VERSION, type SignatureOptions } from '../signatures/signature.js';
import { defaultsOf } from '../signatures/tasks.js';

/** The pauses between the tries of a task of ours double, unless the receiver names a time; see the worker's backoff. */
const OWN_BACKOFF = 'follow-up';

/** Data of a follow-up's job, in the queue that its task's name begins with. */
export interface FollowUpJobData {
  version: typeof SIGNATURE_VERSION;
  /** The same for every try and every replay: hand it on, so that a repeat can be told from a second call. */
  followUpId: string;
  exportId: string;
  task: string;
  args: Record<string, JsonValue>;
  /** What came before: the export's end, a result, a list of results, a fault; null for an immutable call. */
  input: JsonValue;
  options: SignatureOptions;
  mac: string | null;
  /** How often an operator had it called again. */
  replay: number;
}

/** Data of the job that waits for another service's task and takes its result over; its job is `of`. */
export interface CollectJobData
  extends Pick<FollowUpJobData, 'version' | 'followUpId' | 'exportId' | 'task' | 'mac' | 'replay'> {
  of: string;
}

type Called = Pick<OutboxRow, 'id' | 'replays'>;

/** The id of a follow-up's job: its own; after a replay another, since a queue takes an id once. */
export function followUpJobId({ id, replays }: Called): string {
  return replays === 0 ? id : `${id}-r${replays}`;
}

/** The id of the job that waits for {@link followUpJobId}. */
export function collectJobId(row: Called): string {
  return `${followUpJobId(row)}-collect`;
}

/** What goes into the queue about a follow-up. What the producer prepared for the worker alone stays behind. */
export function followUpJobData(row: OutboxRow): FollowUpJobData {
  return {
    version: SIGNATURE_VERSION,
    followUpId: row.id,
    exportId: row.exportId,
    task: row.task,
    args: shownArgs(row),
    input: row.immutable || row.input === null ? null : bareInput(row.input),
    options: row.options,
    mac: row.mac,
    replay: row.replays,
  };
}

export function collectJobData(row: OutboxRow): CollectJobData {
  const { version, followUpId, exportId, task, mac, replay } = followUpJobData(row);
  return { version, followUpId, exportId, task, mac, replay, of: followUpJobId(row) };
}

/**
 * What is left of a follow-up's delay, in milliseconds: it counts from its turn, however often it is entered, and one that
 * an operator has called again waits for nothing.
 */
export function delayLeft({ options: { delay = 0 }, pendingAt, replays }: DelayedCall, now: number): number {
  if (replays > 0 || delay === 0) return 0;
  const passed = pendingAt === null ? 0 : now - pendingAt.getTime();
  return Math.min(delay, Math.max(0, delay - passed));
}
type DelayedCall = Pick<OutboxRow, 'options' | 'pendingAt' | 'replays'>;

/** Tries, pauses, delay and priority of a follow-up's job; those of another service's are of BullMQ's own types. */
export function followUpJobOptions(row: OutboxRow, routed: boolean): JobsOptions {
  const usual = defaultsOf(row.task);
  const { attempts = usual.attempts, backoff = usual.backoff, priority } = row.options;
  const delay = delayLeft(row, Date.now());
  return {
    jobId: followUpJobId(row),
    attempts,
    backoff: { type: routed ? 'exponential' : OWN_BACKOFF, delay: backoff },
    ...(delay === 0 ? {} : { delay }),
    ...(priority === undefined ? {} : { priority }),
  };
}

/** Whether the data of a job are about this follow-up: its export, task and code, and the arguments where they have any. */
export function agreesWith(row: OutboxRow, data: unknown): boolean {
  if (data === null || typeof data !== 'object') return false;
  const { version, exportId, task, mac, args } = data as Partial<FollowUpJobData>;
  const same = version === SIGNATURE_VERSION && exportId === row.exportId && task === row.task && mac === row.mac;
  if (!same || args === undefined) return same;
  try {
    return canonicalJson(args) === canonicalJson(shownArgs(row));
  } catch {
    return false;
  }
}

function shownArgs(row: OutboxRow): Record<string, JsonValue> {
  const { prepared, ...args } = row.args as Record<string, JsonValue>;
  return args;
}
