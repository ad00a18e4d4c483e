/** Bulk work as the API shows it. */
import { type BulkRow, bulkStateOf } from '@parcelpost/shared/db/services/bulks.js';
import type { JsonValue } from '@parcelpost/shared/export-result.js';
import { z } from 'zod';
import { problemSchema } from '../problems.js';
import { itemValue } from './bulk-item.js';

const answer = z.union([
  z.object({ ok: z.literal(true), value: itemValue }),
  z.object({ ok: z.literal(false), error: problemSchema }),
  z.object({ skipped: z.literal(true) }),
]);
export type ItemAnswer = z.output<typeof answer>;

export const answersView = z.object({
  answers: z.array(answer).describe('What each item came to, at its own place'),
});

const time = z.iso.datetime();

export const bulkView = z.object({
  id: z.uuid(),
  action: z.enum(['request', 'cancel', 'retry']),
  state: z.enum(['waiting', 'running', 'done', 'cancelled']),
  total: z.int(),
  ok: z.int(),
  failed: z.int(),
  skipped: z.int(),
  createdAt: time,
  finishedAt: time.nullable(),
  answers: z
    .array(answer.nullable())
    .describe('What each item came to, at its own place; null for one whose turn has not come'),
  links: z.object({ self: z.url() }),
});

/** Shows bulk work. `publicUrl` begins its links. */
export function viewBulk(row: BulkRow, answers: (JsonValue | null)[], publicUrl: string): z.output<typeof bulkView> {
  const { id, action, total, ok, failed, skipped, createdAt, finishedAt } = row;
  return {
    id,
    action,
    state: bulkStateOf(row),
    total,
    ok,
    failed,
    skipped,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    answers: answers as (ItemAnswer | null)[],
    links: { self: new URL(`/api/v1/bulk/${id}`, publicUrl).href },
  };
}
