/** Rows of exports and follow-ups in whatever state a test wants to find them. */
import { randomUUID } from 'node:crypto';
import type { Database } from '@parcelpost/shared/db/database.js';

/** Seconds before now, as a time; negative ones are to come. */
export const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000);

const ROW = {
  organization: 'cadasta',
  organization_name: 'Cadasta',
  project: 'london-2',
  project_name: 'London 2',
  requester_id: 'ana',
  requester: JSON.stringify({ id: 'ana', name: 'Ana Álvarez', email: 'ana@example.org', language: 'en' }),
  options: JSON.stringify({ outputType: 'custom', formats: ['csv'], csv: {}, allowPartial: false }),
};

/** Inserts an open export that was entered into its queue, `changes` made to its row. @returns its id */
export async function plantExport(db: Database, changes: Record<string, unknown> = {}): Promise<string> {
  const id = randomUUID();
  const asked = (changes.requested_at as Date | undefined) ?? new Date();
  await db('exports').insert({
    id,
    ...ROW,
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

/** Inserts exports that wait to be let in, each a second longer than the next, `changes` made to their rows. @returns their ids */
export async function plantWaiting(
  db: Database,
  count: number,
  changesOf: (id: string, index: number) => Record<string, unknown>,
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await db.transaction(async (trx) => {
    await trx('exports').insert(
      ids.map((id, index) => ({
        ...ROW,
        id,
        deadline_at: secondsAgo(-3600),
        waiting_since: secondsAgo(count - index),
        ...changesOf(id, index),
      })),
    );
    await trx.raw(
      `insert into outbox (id, export_id, generation, hook, position, place, task, state, pending_at)
       select gen_random_uuid(), id, 1, 'enter', 0, 'enter', 'export.enter', 'waiting', null from unnest(?::uuid[]) ids(id)`,
      [ids],
    );
  });
  return ids;
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
