/** What the database says is stuck: exports, rows that nobody enters into a queue, follow-ups, refused jobs. */
import type { FollowUpLine, Found, Inspection } from '@parcelpost/shared/db/services/inspection.js';
import { REFUSALS, type Refusal } from '@parcelpost/shared/db/services/refused-jobs.js';
import type { Check, Finding } from './diagnosis.js';
import { age, counted, oneLine } from './text.js';

/** Rows that are named; there may be more. */
const NAMED = 10;

export interface Limits {
  /** What has not moved for so long counts as stuck. */
  stuckSeconds: number;
  /** Failures, and what was refused, count for so long. */
  sinceSeconds: number;
  /** How often producers and workers sweep. */
  sweepSeconds: number;
}

/** Why a job was refused, in words. */
export function reasonOf(reason: string): string {
  return Object.hasOwn(REFUSALS, reason) ? `${reason}, ${REFUSALS[reason as Refusal]}` : reason;
}

/** A follow-up in one line. */
export function lineOf({ id, task, place, exportId, attempts, error, since, finishedAt }: FollowUpLine): string {
  const tries = attempts > 0 ? `, ${counted(attempts, 'try', 'tries')}` : '';
  const reason = error ? `: ${error.code}, ${oneLine(error.message)}` : '';
  return `${id}  ${task} (${place} of export ${exportId}), ${age(finishedAt ?? since)} ago${tries}${reason}`;
}

function named<Row>({ rows, total }: Found<Row>, line: (row: Row) => string): string[] {
  return [...rows.map(line), ...(total > rows.length ? [`and ${total - rows.length} more`] : [])];
}

/** Exports that are late, or whose work is silent. */
export function exportsMove(inspection: Inspection, { stuckSeconds }: Limits): Check {
  return {
    name: 'exports',
    run: async () => {
      const [open, stuck] = await Promise.all([inspection.openExports(), inspection.stuckExports(stuckSeconds, NAMED)]);
      const seen = [counted(open, 'open export')];
      if (stuck.total === 0) return { seen };
      const finding: Finding = {
        level: 'problem',
        code: 'exports-stuck',
        what: `${counted(stuck.total, 'export is', 'exports are')} past the deadline, or silent for ${Math.round(stuckSeconds / 60)} min or longer.`,
        advice:
          'See below whether anybody listens to the queues meta and export; read the logs by exportId. To end one: {ops} exports cancel <id>',
        items: named(stuck, ({ id, organization, project, phase, overdue, abort, lastSign, deadlineAt }) =>
          [
            `${id}  ${organization}/${project}, ${phase}, last sign ${age(lastSign)} ago`,
            ...(overdue ? [`deadline passed ${age(deadlineAt)} ago`] : []),
            ...(abort === null ? [] : [`to end as ${abort}`]),
          ].join(', '),
        ),
      };
      return { findings: [finding], seen };
    },
  };
}

/** Rows of the outbox that are entered into their queue as soon as somebody sweeps. */
export function outboxIsRelayed(inspection: Inspection, { sweepSeconds }: Limits): Check {
  return {
    name: 'outbox',
    run: async () => {
      const seconds = Math.max(30, 6 * sweepSeconds);
      const pending = await inspection.overduePending(seconds, NAMED);
      if (pending.total === 0) return {};
      const finding: Finding = {
        level: 'problem',
        code: 'outbox-pending',
        what: `${counted(pending.total, 'row')} of the outbox should have been entered into a queue more than ${Math.round(seconds)} s ago.`,
        advice:
          'Every producer and worker enters them: see that one runs, that it reaches the queue engine, and what its log says of the outbox.',
        items: named(pending, lineOf),
      };
      return { findings: [finding] };
    },
  };
}

/** Follow-ups that failed, or that are tried again and again. */
export function followUpsEnd(inspection: Inspection, { stuckSeconds, sinceSeconds }: Limits): Check {
  return {
    name: 'follow-ups',
    run: async () => {
      const [failed, retrying, way] = await Promise.all([
        inspection.failedFollowUps(sinceSeconds, NAMED),
        inspection.longRetrying(stuckSeconds, NAMED),
        inspection.onTheirWay(),
      ]);
      const findings: Finding[] = [];
      if (failed.total > 0) {
        findings.push({
          level: 'problem',
          code: 'follow-ups-failed',
          what: `${counted(failed.total, 'follow-up')} failed for good in the last ${Math.round(sinceSeconds / 3600)} h.`,
          advice: 'Mend the cause, then have each run once more: {ops} follow-ups replay <id>',
          items: named(failed, lineOf),
        });
      }
      if (retrying.total > 0) {
        findings.push({
          level: 'note',
          code: 'follow-ups-retrying',
          what: `${counted(retrying.total, 'follow-up is', 'follow-ups are')} being tried again and again.`,
          advice: 'Nothing need be done while the other side is expected back; what was said last is shown.',
          items: named(retrying, lineOf),
        });
      }
      const count = way.reduce((sum, one) => sum + one.count, 0);
      return { findings, seen: [`${counted(count, 'follow-up')} on their way`] };
    },
  };
}

/** Jobs that a worker found in a queue and would not run. */
export function nothingIsRefused(inspection: Inspection, { sinceSeconds }: Limits): Check {
  return {
    name: 'refused jobs',
    run: async () => {
      const refused = await inspection.refused(sinceSeconds, NAMED);
      if (refused.total === 0) return {};
      const finding: Finding = {
        level: 'problem',
        code: 'jobs-refused',
        what: `${counted(refused.total, 'job')} in the last ${Math.round(sinceSeconds / 3600)} h were not what the database says, and were not run.`,
        advice:
          'Somebody writes into the queue who should not, or SIGNATURE_SECRET differs between producer and worker. All of them: {ops} refused list',
        items: named(refused, ({ at, queue, jobId, task, reason }) =>
          oneLine(`${queue}/${jobId}  ${task}, ${age(at)} ago: ${reasonOf(reason)}`),
        ),
      };
      return { findings: [finding] };
    },
  };
}
