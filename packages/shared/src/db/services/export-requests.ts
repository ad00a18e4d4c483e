/** Asking for exports: the rows that a request, or a follow-up that starts the next export, leaves behind. */
import type { PreparedExport } from '../../signatures/prepared.js';
import type { SealedTokens, Signature } from '../../signatures/signature.js';
import type { Connection, Database } from '../database.js';
import type { NewExport } from './exports.js';
import { insertOutbox } from './outbox.js';

/** An export's row as it begins. */
interface FirstRow extends Omit<NewExport, 'onSuccess' | 'onFailure'> {
  onSuccess: Signature[];
  onFailure: Signature[];
  nextTokens?: SealedTokens | null;
  /** The follow-up that starts it. */
  startedBy?: string | null;
}

/** Writes what asking for exports means. */
export class ExportRequests {
  constructor(readonly db: Database) {}

  /** Inserts an export, and the outbox row that brings it into the queue, in one transaction. */
  async create(row: NewExport): Promise<void> {
    await this.db.transaction(async (trx) => {
      await trx('exports').insert(columnsOf(row as FirstRow));
      await enter(trx, row.id, 1);
    });
  }

  /**
   * Starts the export that a follow-up of another one asked for. Its id is the follow-up's own, so that a repeat finds it
   * started and changes nothing. It joins no running export and none joins it.
   * @param node the row of the outbox that is being run
   * @param sealed what was sealed for that row: the next export's token, and those of the exports that come after it
   * @returns the export's id, and whether this call started it; the relay is the caller's to run
   */
  async startNext(
    node: { id: string; exportId: string },
    prepared: PreparedExport,
    sealed: { token: string; next: SealedTokens },
  ): Promise<{ exportId: string; started: boolean }> {
    const { deadlineMinutes, ...row } = prepared;
    const started = await this.db.transaction(async (trx) => {
      // Workers report progress without waiting for the disk; an export that was begun is to last.
      await trx.raw('set local synchronous_commit = on');
      const inserted = await trx('exports')
        .insert(
          columnsOf({
            ...row,
            id: node.id,
            sealedToken: sealed.token,
            nextTokens: sealed.next,
            startedBy: node.id,
            deadlineAt: new Date(Date.now() + deadlineMinutes * 60_000),
          }),
        )
        .onConflict('id')
        .ignore()
        .returning('id');
      if (inserted.length === 0) return false;
      await enter(trx, node.id, 1);
      return true;
    });
    return { exportId: node.id, started };
  }
}

/** The outbox row that brings a generation of an export into the queue. */
async function enter(trx: Connection, exportId: string, generation: number): Promise<void> {
  const row = {
    exportId,
    generation,
    hook: 'enter',
    position: 0,
    task: 'export.enter',
    args: {},
    options: {},
  } as const;
  await insertOutbox(trx, [{ ...row, input: null }]);
}

function columnsOf(row: FirstRow) {
  return {
    id: row.id,
    organization: row.organization,
    organization_name: row.organizationName,
    project: row.project,
    project_name: row.projectName,
    requester_id: row.requester.id,
    requester: JSON.stringify(row.requester),
    options: JSON.stringify(row.options),
    on_success: JSON.stringify(row.onSuccess),
    on_failure: JSON.stringify(row.onFailure),
    sealed_token: row.sealedToken,
    next_tokens: row.nextTokens ? JSON.stringify(row.nextTokens) : null,
    started_by: row.startedBy ?? null,
    deadline_at: row.deadlineAt,
  };
}
