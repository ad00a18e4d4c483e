/** Keeping the files of an export for longer than their time, and letting them go before it. */
import type { Connection } from '../database.js';

/** Until when files stay, who wants it, since when. */
export interface Pin {
  /** ISO 8601 times; null: until somebody unpins. */
  until: string | null;
  at: string;
  by: { id: string; name: string };
}

/** Nothing was changed. */
export class PinRefusedError extends Error {
  override readonly name = 'PinRefusedError';
  /**
   * @param reason `not-found`: there is no such export; `unfinished`: it has no outcome yet; `without-file`: it left no bundle;
   *   `expired`: its bundle is out of reach already; `pinned`: what is to go is to be kept
   */
  constructor(readonly reason: 'not-found' | 'unfinished' | 'without-file' | 'expired' | 'pinned') {
    super(`the files of the export cannot be kept, or let go: ${reason}`);
  }
}

/** Who unpins by mistake, or what has been over its time meanwhile, has so long to pin anew. */
const AFTER_UNPINNING = `interval '1 hour'`;

/** SQL for when the files of an export go: the later of its own time and its pin's; null where there are none, or no end. */
export const EXPIRES_AT = `case when exports.expires_at is not null
  then nullif(greatest(exports.expires_at, exports.pinned_until), 'infinity') end`;

/** SQL for a {@link Pin} that holds; null where none does. */
export const PIN = `case when exports.pinned_until > now() then json_build_object(
  'until', nullif(exports.pinned_until, 'infinity'), 'at', exports.pinned_at, 'by', exports.pinned_by) end`;

interface Locked {
  outcome: string | null;
  pinned: boolean;
  /** Bundles that were decided on, and those of them that are in reach or will be until a janitor comes. */
  bundles: number;
  there: number;
}

/**
 * Each in the transaction that it is given. The export's row is locked first, as the janitor does: of a pin and a removal at
 * once one is first, and the other finds it done.
 */
export class PinService {
  /**
   * Keeps the files. A pin that holds is replaced. What is over its time, and still there, is in reach again.
   * @param until null: until somebody unpins
   * @throws {PinRefusedError}
   */
  async pin(trx: Connection, id: string, { until, by }: { until: Date | null; by: Pin['by'] }): Promise<void> {
    const { outcome, bundles, there } = await lock(trx, id);
    if (there === 0) throw refusal(outcome, bundles);
    await trx('exports')
      .where({ id })
      .update({ pinned_until: until ?? 'infinity', pinned_at: trx.fn.now(), pinned_by: JSON.stringify(by) });
  }

  /**
   * Lets the files go when their own time is over, an hour from now at the soonest.
   * @returns whether there was a pin that held
   * @throws {PinRefusedError} `not-found`
   */
  async unpin(trx: Connection, id: string): Promise<boolean> {
    const { pinned } = await lock(trx, id);
    const free = { pinned_until: null, pinned_at: null, pinned_by: null };
    const later = () => ({ expires_at: trx.raw(`greatest(expires_at, now() + ${AFTER_UNPINNING})`) });
    await trx('exports').where({ id }).update(free);
    if (!pinned) return false;
    await trx('exports').where({ id }).whereNotNull('expires_at').update(later());
    await trx('files').where({ export_id: id, owner_kind: 'project', removed_at: null }).update(later());
    return true;
  }

  /**
   * Has the time of the files be over now.
   * @returns whether there were any; to do it again changes nothing
   * @throws {PinRefusedError} not of one that is pinned, or in flight
   */
  async expire(trx: Connection, id: string): Promise<boolean> {
    const { outcome, pinned, bundles, there } = await lock(trx, id);
    if (outcome === null) throw new PinRefusedError('unfinished');
    if (bundles === 0) throw new PinRefusedError('without-file');
    if (pinned) throw new PinRefusedError('pinned');
    const now = () => ({ expires_at: trx.raw('least(expires_at, now())') });
    await trx('exports').where({ id }).whereNotNull('expires_at').update(now());
    await trx('files').where({ export_id: id, owner_kind: 'project', removed_at: null }).update(now());
    return there > 0;
  }
}

async function lock(trx: Connection, id: string): Promise<Locked> {
  // Two statements: the second sees what whoever was waited for has done.
  const { rows: locked } = await trx.raw<{ rows: Pick<Locked, 'outcome' | 'pinned'>[] }>(
    `select outcome, coalesce(pinned_until > now(), false) as pinned from exports where id = ? for no key update`,
    [id],
  );
  if (!locked[0]) throw new PinRefusedError('not-found');
  const { rows } = await trx.raw<{ rows: Pick<Locked, 'bundles' | 'there'>[] }>(
    `select count(*) as bundles, count(*) filter (where removed_at is null) as there
     from files where export_id = ? and owner_kind = 'project'`,
    [id],
  );
  return { ...locked[0], ...(rows[0] ?? { bundles: 0, there: 0 }) };
}

const refusal = (outcome: string | null, bundles: number) =>
  new PinRefusedError(bundles > 0 ? 'expired' : outcome === null ? 'unfinished' : 'without-file');
