/**
 * What actions defer until after their commit, kept in the outbox: a row is written in the action's own transaction, signed
 * like every other, and entered into its queue by a relay. A crash after the commit loses nothing, a rollback leaves nothing.
 */
import { crashPoint } from '../../crash-points.js';
import type { ExportEnd, JsonValue } from '../../export-result.js';
import { signatureMac } from '../../signatures/mac.js';
import { outboxId } from '../../signatures/place.js';
import type { SignatureOptions } from '../../signatures/signature.js';
import { asJson } from '../../signatures/tasks.js';
import type { SignatureKeeper } from '../../tasks/actions.js';
import type { Connection } from '../database.js';

/** A call that an action defers: a task, for one export. */
export interface DeferredCall {
  exportId: string;
  /** The generation that it is about; a later one does not take it back. */
  generation: number;
  /** A task that the workers know. What no request may name is best named below `export.`, a queue that all have. */
  task: string;
  args: Record<string, JsonValue>;
  options?: SignatureOptions;
  /** The end of the export, for a task that tells of it. */
  end?: ExportEnd;
}

export interface OutboxKeeperOptions {
  /** Secrets of signatures; the first one signs. */
  secrets: readonly string[];
  /** Has the outbox relayed. Must not throw. */
  relay: () => Promise<void>;
}

export class OutboxKeeper implements SignatureKeeper<DeferredCall> {
  constructor(readonly options: OutboxKeeperOptions) {}

  /**
   * Writes calls, in their order, in three statements however many they are. The rows of their exports are locked, so that
   * of two actions at once the second finds the places that the first has taken.
   * @throws {TypeError} if arguments or options are not JSON
   */
  async plant(trx: Connection, calls: readonly DeferredCall[]): Promise<void> {
    const next = await freePlaces(trx, calls);
    const rows = calls.map(({ exportId, generation, task, args, options = {}, end }, order) => {
      const position = next.get(`${exportId}/${generation}`) ?? 0;
      next.set(`${exportId}/${generation}`, position + 1);
      const place = `deferred/${position}`;
      const call = { task, args: asJson(args) as Record<string, JsonValue>, options, immutable: false };
      return {
        ...{ id: outboxId({ exportId, generation, place }), exportId, generation, position, place, order },
        ...call,
        mac: signatureMac({ ...call, exportId, place }, this.options.secrets),
        input: end ?? { kind: 'none' },
      };
    });
    await trx.raw(
      `insert into outbox (id, export_id, generation, hook, position, place, task, args, options, mac, input, pending_at)
       select n.id, n."exportId", n.generation, 'deferred', n.position, n.place, n.task, n.args, n.options, n.mac, n.input,
         now() + n."order" * interval '1 microsecond'
       from jsonb_to_recordset(?::jsonb) as n(id uuid, "exportId" uuid, generation int, position int, place text, task text,
         args jsonb, options jsonb, mac text, input jsonb, "order" int)`,
      [JSON.stringify(rows)],
    );
  }

  async start(): Promise<void> {
    crashPoint('deferred.committed');
    await this.options.relay();
  }
}

/** The first free position of each export's generation, by `<id>/<generation>`. */
async function freePlaces(trx: Connection, calls: readonly DeferredCall[]): Promise<Map<string, number>> {
  const exportIds = [...new Set(calls.map(({ exportId }) => exportId))];
  // A statement of its own: the next one is to see what the transaction waited for has planted.
  await trx.raw('select id from exports where id = any(?::uuid[]) order by id for no key update', [exportIds]);
  const { rows } = await trx.raw<{ rows: { exportId: string; generation: number; next: number }[] }>(
    `select export_id as "exportId", generation, max(position) + 1 as next from outbox
     where hook = 'deferred' and export_id = any(?::uuid[]) group by 1, 2`,
    [exportIds],
  );
  return new Map(rows.map(({ exportId, generation, next }) => [`${exportId}/${generation}`, next]));
}
