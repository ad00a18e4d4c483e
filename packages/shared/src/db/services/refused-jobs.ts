/** Jobs that a worker found in a queue and would not run. */
import { storableText } from '../../storable-text.js';
import type { Database } from '../database.js';

/** Why a job was refused; also the label of a metric, so that the list is a short one. */
export const REFUSALS = {
  malformed: 'its data are not those of a job of ours',
  unknown: 'no follow-up of this id was ever written',
  'not-released': 'it is not the turn of this follow-up',
  'wrong-job': 'what it is about has another job, or another queue',
  unplanned: 'no plan of its export has made this work',
  altered: 'task, arguments or code are not those of the follow-up',
  'bad-code': 'the follow-up is not what the producer signed',
  'not-routed': 'the task is not one of another service',
} as const;
export type Refusal = keyof typeof REFUSALS;

export interface RefusedJob {
  at: Date;
  queue: string;
  jobId: string;
  task: string;
  followUpId: string | null;
  reason: Refusal;
}

/** So many are kept: whoever can write to a queue can write to it without end. */
export const REFUSALS_KEPT = 10_000;
/** Most characters that are kept of what somebody else named. */
const CHARACTERS = 200;

/** The rows of `refused_jobs`. */
export class RefusedJobs {
  constructor(readonly db: Database) {}

  /** Keeps a refusal, once for each queue, job and reason. */
  async record(job: Omit<RefusedJob, 'at'>): Promise<void> {
    await this.db('refused_jobs')
      .insert({
        queue: storableText(job.queue, CHARACTERS),
        job_id: storableText(job.jobId, CHARACTERS),
        task: storableText(job.task, CHARACTERS),
        follow_up_id: job.followUpId === null ? null : storableText(job.followUpId, CHARACTERS),
        reason: job.reason,
      })
      .onConflict(['queue', 'job_id', 'reason'])
      .ignore();
  }

  /** Removes all but the newest `kept`. Workers cannot: they may delete nothing. @returns how many went */
  async trim(kept = REFUSALS_KEPT): Promise<number> {
    const newest = this.db('refused_jobs').max('id');
    return this.db('refused_jobs').whereRaw('id <= (?) - ?::bigint', [newest, kept]).delete();
  }

  /** The newest first. */
  async recent(limit: number): Promise<RefusedJob[]> {
    return this.db('refused_jobs').orderBy('id', 'desc').limit(limit).select<RefusedJob[]>({
      at: 'at',
      queue: 'queue',
      jobId: 'job_id',
      task: 'task',
      followUpId: 'follow_up_id',
      reason: 'reason',
    });
  }
}
