/** An export as the API shows it: without its token, and without the arguments of its follow-ups. */
import type { OutboxRow } from '@parcelpost/shared/db/services/outbox.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import { z } from 'zod';
import type { ExportDetail } from './read-exports.js';

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

export const exportView = z.object({
  id: z.uuid(),
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
  requestedBy: z.object({ id: z.string(), name: z.string() }),
  requestedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  expiresAt: time.nullable().describe('When the bundle goes'),
  progress: z.object({
    rows: z.int().describe('Records read so far'),
    rowsExpected: z.int().nullable().describe('Records in all; null until they are counted'),
    jobsDone: z.int(),
    jobs: z.int(),
  }),
  error: failure.nullable(),
  warnings: z.array(z.string()),
  bundle: z
    .object({ name: z.string(), bytes: z.int(), sha256: z.string(), expiresAt: time })
    .nullable()
    .describe('The zip; null unless there is one to download'),
  files: z
    .array(z.object({ name: z.string(), rows: z.int().nullable(), bytes: z.int(), sha256: z.string() }))
    .describe('What the bundle holds'),
  result: z.json().describe('What onSuccess follow-ups are handed; null unless there is a bundle'),
  links: z.object({ self: z.url(), events: z.url(), page: z.url(), download: z.url().nullable() }),
});

const followUpView = z.object({
  id: z.uuid(),
  hook: z.enum(['onSuccess', 'onFailure']),
  position: z.int(),
  task: z.string(),
  state: z.enum(['pending', 'entered', 'active', 'done', 'failed']),
  attempts: z.int(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

export const exportDetailView = exportView.extend({
  followUps: z.array(followUpView).describe('What was released once the outcome was decided'),
});

const iso = (date: Date | null) => date?.toISOString() ?? null;

/** Shows an export. `publicUrl` begins its links. */
export function viewExport(
  { row, state, progress, file }: ExportDetail,
  publicUrl: string,
): z.output<typeof exportView> {
  const base = new URL(`/api/v1/exports/${row.id}`, publicUrl).href;
  const there = file !== undefined && hasBundle(state) && file.removedAt === null;
  return {
    id: row.id,
    state,
    phase: row.phase,
    outcome: row.outcome,
    organization: row.organization,
    project: row.project,
    projectName: row.projectName,
    outputType: row.options.outputType,
    formats: row.options.formats,
    requestedBy: { id: row.requester.id, name: row.requester.name },
    requestedAt: row.requestedAt.toISOString(),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.decidedAt),
    expiresAt: iso(row.expiresAt),
    progress: {
      rows: progress.rows,
      rowsExpected: progress.rowsExpected,
      jobsDone: progress.jobsDone,
      jobs: progress.jobs,
    },
    error: row.error,
    warnings: row.result?.warnings ?? [],
    bundle: there
      ? { name: file.name, bytes: file.bytes, sha256: file.sha256, expiresAt: file.expiresAt.toISOString() }
      : null,
    files: (file?.contents ?? []).map(({ name, rows, bytes, sha256 }) => ({ name, rows, bytes, sha256 })),
    result: row.result as z.output<typeof exportView>['result'],
    links: {
      self: base,
      events: `${base}/events`,
      page: exportPageUrl(publicUrl, row.id),
      download: there ? `${base}/download` : null,
    },
  };
}

/** Whether an export of this state has a bundle to download. */
export function hasBundle(state: string): boolean {
  return state === 'completed' || state === 'partial';
}

export function viewFollowUp(row: OutboxRow): z.output<typeof followUpView> {
  return {
    id: row.id,
    hook: row.hook === 'onFailure' ? 'onFailure' : 'onSuccess',
    position: row.position,
    task: row.task,
    state: row.state,
    attempts: row.attempts,
    error: row.error && { code: row.error.code, message: row.error.message },
  };
}
