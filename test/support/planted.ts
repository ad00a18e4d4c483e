/** Rows of exports and follow-ups in whatever state a test wants to find them. */
import { randomUUID } from 'node:crypto';
import type { Database } from '@parcelpost/shared/db/database.js';

/** Seconds before now, as a time; negative ones are to come. */
export const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000);

/** Inserts an open export that was entered into its queue, `changes` made to its row. @returns its id */
export async function plantExport(db: Database, changes: Record<string, unknown> = {}): Promise<string> {
  const id = randomUUID();
  const asked = (changes.requested_at as Date | undefined) ?? new Date();
  await db('exports').insert({
    id,
    organization: 'cadasta',
    organization_name: 'Cadasta',
    project: 'london-2',
    project_name: 'London 2',
    requester_id: 'ana',
    requester: JSON.stringify({ id: 'ana', name: 'Ana Álvarez', email: 'ana@example.org', language: 'en' }),
    options: JSON.stringify({ outputType: 'custom', formats: ['csv'], csv: {}, allowPartial: false }),
    deadline_at: secondsAgo(-3600),
    ...changes,
  });
  await db('outbox').insert({
    id: randomUUID(),
    export_id: id,
    generation: 1,
    hook: 'enter',
    position: 0,
    place: 'enter',
    task: 'export.enter',
    state: 'entered',
    created_at: asked,
    pending_at: asked,
    entered_at: asked,
  });
  return id;
}

/** Inserts an export that was completed. @returns its id */
export function plantDecided(db: Database, changes: Record<string, unknown> = {}): Promise<string> {
  return plantExport(db, { outcome: 'completed', phase: 'decided', decided_at: new Date(), ...changes });
}

let planted = 0;

/** Inserts a follow-up of an export, `changes` made to its row. @returns its id */
export async function plantFollowUp(
  db: Database,
  exportId: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  const id = randomUUID();
  planted += 1;
  await db('outbox').insert({
    id,
    export_id: exportId,
    generation: 1,
    hook: 'onSuccess',
    position: planted,
    place: `onSuccess/${planted}`,
    task: 'msg.email',
    state: 'entered',
    entered_at: new Date(),
    ...changes,
  });
  return id;
}
