/** Who did what: one row for each deed, written by the transaction that did it. */
import type { JsonValue } from '../../export-result.js';
import { storableText } from '../../storable-text.js';
import type { Actor } from '../../tasks/actor.js';
import type { Connection, Database } from '../database.js';

/** What a deed was about, and what there is to know of it. Carries no secret. */
export interface AuditNote {
  /** `export`, `follow-up`, `file` … */
  subject: { kind: string; id: string };
  /** The export that it belongs to, where it belongs to one. */
  exportId?: string | undefined;
  generation?: number | undefined;
  details?: Record<string, JsonValue> | undefined;
}

/** A deed as it is kept. */
export interface AuditRow {
  id: number;
  at: Date;
  actorKind: Actor['kind'];
  actorId: string;
  actorName: string;
  /** Name of the task that did it. */
  task: string;
  subjectKind: string;
  subjectId: string;
  exportId: string | null;
  generation: number | null;
  details: Record<string, JsonValue>;
}

/** Most characters that are kept of a name. */
const CHARACTERS = 200;

/**
 * Writes deeds, all in one statement.
 * @param trx the transaction that they are done in
 */
export async function noteDeeds(
  trx: Connection,
  { actor, task }: { actor: Actor; task: string },
  notes: readonly AuditNote[],
): Promise<void> {
  if (notes.length === 0) return;
  await trx('audit_log').insert(
    notes.map(({ subject, exportId, generation, details }) => ({
      actor_kind: actor.kind,
      actor_id: storableText(actor.id, CHARACTERS),
      actor_name: storableText(actor.name, CHARACTERS),
      task,
      subject_kind: subject.kind,
      subject_id: storableText(subject.id, CHARACTERS),
      export_id: exportId ?? null,
      generation: generation ?? null,
      details: JSON.stringify(details ?? {}),
    })),
  );
}

/** The rows of `audit_log`, for those who look after an installation. */
export class AuditLog {
  constructor(readonly db: Database) {}

  /** The newest first; of one export, or of all. */
  async recent(filter: { exportId?: string | undefined; limit: number }): Promise<AuditRow[]> {
    const query = this.db('audit_log').orderBy('id', 'desc').limit(filter.limit).select<AuditRow[]>({
      id: 'id',
      at: 'at',
      actorKind: 'actor_kind',
      actorId: 'actor_id',
      actorName: 'actor_name',
      task: 'task',
      subjectKind: 'subject_kind',
      subjectId: 'subject_id',
      exportId: 'export_id',
      generation: 'generation',
      details: 'details',
    });
    return filter.exportId === undefined ? query : query.where({ export_id: filter.exportId });
  }

  /** Removes the oldest of what is older than so many days. @returns how many rows, `limit` where there may be more */
  async removeOld(days: number, limit: number): Promise<number> {
    const old = this.db('audit_log')
      .where('at', '<', this.db.raw(`now() - ? * interval '1 day'`, [days]))
      .orderBy('at')
      .limit(limit)
      .select('id');
    return this.db('audit_log').whereIn('id', old).delete();
  }
}
