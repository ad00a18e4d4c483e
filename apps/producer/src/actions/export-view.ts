/** An export as the API shows it: without its token, and without what its follow-ups are called with. */
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import { z } from 'zod';
import { isCancelling, isRetryable } from './change-export.js';
import type { ExportDetail, SeenFollowUp } from './read-exports.js';

const time = z.iso.datetime();
const failure = z
  .object({
    code: z.string(),
    message: z.string(),
    step: z.string().nullable(),
    shard: z.int().nullable(),
    attempts: z.int(),
  })
  .describe('Why the export failed');

const missing = failure
  .extend({ rowsExpected: z.int().nullable().describe('Records that were counted there; null for a file') })
  .describe('A part that is not in the bundle, and why');

export const exportView = z.object({
  id: z.uuid(),
  generation: z.int().describe('Counts from 1; each retry begins the next'),
  state: z
    .enum(['waiting', 'running', 'completed', 'partial', 'failed', 'cancelled', 'expired'])
    .describe('One word: the outcome, or whether work has begun'),
  phase: z.enum(['waiting', 'planning', 'reading', 'writing', 'bundling', 'decided']),
  outcome: z.enum(['completed', 'partial', 'failed', 'cancelled']).nullable(),
  organization: z.string(),
  project: z.string(),
  projectName: z.string(),
  outputType: z.string(),
  formats: z.array(z.string()),
  allowPartial: z.boolean().describe('Whether what could be read is delivered if a part cannot be'),
  requestedBy: z.object({ id: z.string(), name: z.string() }),
  requestedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  expiresAt: time
    .nullable()
    .describe('When the bundle of this try goes; null where there is none, and where it is pinned without an end'),
  pin: z
    .object({ until: time.nullable(), at: time, by: z.object({ id: z.string(), name: z.string() }) })
    .nullable()
    .describe('Somebody keeps the files: until then, or (null) until somebody unpins; since when, and who'),
  cancelling: z.boolean().describe('Somebody cancelled it; running work is being stopped'),
  retryable: z.boolean().describe('Whether it can be tried again, by its asker or an administrator of the project'),
  startedBy: z
    .object({ exportId: z.uuid(), followUpId: z.uuid() })
    .nullable()
    .describe('The export whose follow-up started this one; null where a person asked for it'),
  renews: z
    .uuid()
    .nullable()
    .describe('The export whose results this one makes anew with a newer version of the software'),
  renewal: z
    .object({
      available: z.boolean().describe('Whether a newer version of its files is to be had: POST …/renew starts it'),
      steps: z.array(z.string()).describe('The steps that would make their files otherwise'),
      renewedBy: z.uuid().nullable().describe('The newest export that renews this one'),
    })
    .describe('Results of an older version of the software are offered for renewal; looking at them starts nothing'),
  progress: z.object({
    rows: z.int().describe('Records read so far'),
    rowsExpected: z.int().nullable().describe('Records in all; null until they are counted'),
    jobsDone: z.int(),
    jobs: z.int(),
  }),
  error: failure.nullable(),
  warnings: z.array(z.string()),
  missing: z.array(missing).describe('What a partial bundle lacks'),
  bundle: z
    .object({
      name: z.string(),
      bytes: z.int(),
      sha256: z.string(),
      expiresAt: time.nullable().describe('When it goes; null where it is pinned without an end'),
      generation: z.int().describe('The try that made it; a partial one stays until a later try has made its own'),
    })
    .nullable()
    .describe('The zip; null unless there is one to download'),
  files: z
    .array(z.object({ name: z.string(), rows: z.int().nullable(), bytes: z.int(), sha256: z.string() }))
    .describe('What the bundle holds'),
  result: z.json().describe('What onSuccess follow-ups are handed; null unless there is a bundle'),
  links: z.object({ self: z.url(), events: z.url(), page: z.url(), download: z.url().nullable() }),
});

const IN_CHARGE = 'Shown to the asker and to administrators of the project; null to everybody else';

const followUpView = z.object({
  id: z.uuid(),
  generation: z.int(),
  hook: z.enum(['onSuccess', 'onFailure']),
  place: z.string().describe('Where it stands in the request: `onSuccess/0/chain/1`'),
  role: z.enum(['root', 'step', 'member', 'body', 'onSuccess', 'onFailure']).describe('What it is to its parent'),
  kind: z.enum(['task', 'chain', 'group', 'chord']).describe('A call, or calls composed'),
  parent: z.uuid().nullable(),
  position: z.int().describe('Place among those of its parent with the same role, from 0'),
  task: z.string(),
  state: z
    .enum(['waiting', 'pending', 'entered', 'active', 'done', 'failed', 'skipped'])
    .describe('waiting: not its turn yet; pending, entered: on its way; skipped: its turn will not come'),
  attempts: z.int(),
  replays: z.int().describe('How often an operator had it called again'),
  pendingAt: time.nullable().describe('When its turn came'),
  enteredAt: time.nullable().describe('When it was put into its queue'),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  result: z.json().describe(`What it left; null unless it is done. ${IN_CHARGE}`),
  error: z.object({ code: z.string(), message: z.string().nullable().describe(IN_CHARGE) }).nullable(),
});

const stepView = z.object({
  name: z.string(),
  version: z.string(),
  state: z
    .enum(['waiting', 'reading', 'writing', 'done', 'reused', 'failed'])
    .describe('reused: an earlier export of the same data has made it'),
  rows: z.int().describe('Records that it has read'),
  rowsExpected: z.int(),
  shardsDone: z.int(),
  shards: z.int(),
  files: z.array(z.object({ name: z.string(), rows: z.int().nullable(), bytes: z.int() })),
  warnings: z.array(z.string()),
});

export const exportDetailView = exportView.extend({
  steps: z
    .array(stepView)
    .describe('Each step that was asked for, in the order of the bundle: how far it is, what it made'),
  placeInQueue: z
    .int()
    .nullable()
    .describe(
      'Place among the exports that wait to begin, from 1, as of a second ago; null for one that does not wait, or has only begun to. It may grow: organizations take turns',
    ),
  waitsFor: z
    .enum(['turn', 'queue', 'worker'])
    .nullable()
    .describe(
      'What an export that has not begun waits for: its turn; the queue, which does not answer at the moment, and from which it starts when that is back; a worker. Null once it has begun',
    ),
  followUps: z
    .array(followUpView)
    .describe('What was released once the outcome was decided, in the order of the request'),
});

export const requestedView = exportDetailView.extend({
  joined: z
    .boolean()
    .describe(
      'Whether this is the identical request that was running already; the same in answers to a repeat by its key',
    ),
});

const iso = (date: Date | null) => date?.toISOString() ?? null;

/** Shows an export. `publicUrl` begins its links. */
export function viewExport(
  { row, state, progress, file, fileThere, startedBy, renewal }: ExportDetail,
  publicUrl: string,
): z.output<typeof exportView> {
  const base = new URL(`/api/v1/exports/${row.id}`, publicUrl).href;
  return {
    id: row.id,
    generation: row.generation,
    state,
    phase: row.phase,
    outcome: row.outcome,
    organization: row.organization,
    project: row.project,
    projectName: row.projectName,
    outputType: row.options.outputType,
    formats: row.options.formats,
    allowPartial: row.options.allowPartial,
    requestedBy: { id: row.requester.id, name: row.requester.name },
    requestedAt: row.requestedAt.toISOString(),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.decidedAt),
    expiresAt: iso(row.expiresAt),
    pin: row.pin && {
      until: row.pin.until === null ? null : new Date(row.pin.until).toISOString(),
      at: new Date(row.pin.at).toISOString(),
      by: row.pin.by,
    },
    cancelling: isCancelling(row),
    retryable: isRetryable(state),
    startedBy,
    renews: row.renews,
    renewal,
    progress: {
      rows: progress.rows,
      rowsExpected: progress.rowsExpected,
      jobsDone: progress.jobsDone,
      jobs: progress.jobs,
    },
    error: row.error,
    warnings: row.result?.warnings ?? [],
    missing: row.result?.missing ?? [],
    bundle:
      file && fileThere
        ? {
            name: file.name,
            bytes: file.bytes,
            sha256: file.sha256,
            expiresAt: iso(file.expiresAt),
            generation: file.generation,
          }
        : null,
    files: (file?.contents ?? []).map(({ name, rows, bytes, sha256 }) => ({ name, rows, bytes, sha256 })),
    result: row.result as z.output<typeof exportView>['result'],
    links: {
      self: base,
      events: `${base}/events`,
      page: exportPageUrl(publicUrl, row.id),
      download: fileThere ? `${base}/download` : null,
    },
  };
}

export function viewFollowUp(row: SeenFollowUp): z.output<typeof followUpView> {
  return {
    id: row.id,
    generation: row.generation,
    hook: row.hook === 'onFailure' ? 'onFailure' : 'onSuccess',
    place: row.place,
    role: row.role,
    kind: row.kind,
    parent: row.parentId,
    position: row.position,
    task: row.task,
    state: row.state,
    attempts: row.attempts,
    replays: row.replays,
    pendingAt: iso(row.pendingAt),
    enteredAt: iso(row.enteredAt),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.finishedAt),
    result: row.result,
    error: row.error && { code: row.error.code, message: row.error.message },
  };
}
