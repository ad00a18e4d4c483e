/** News of decided exports, told by PostgreSQL (LISTEN, NOTIFY) the moment that the deciding transaction commits. */
import pg from 'pg';
import type { Logger } from '../log.js';
import type { Connection } from './database.js';

const CHANNEL = 'parcelpost_decided';
const RECONNECT_MS = 2_000;

/** Tells listeners that an export is decided; nobody hears of it unless the transaction commits. */
export async function announceDecision(trx: Connection, exportId: string): Promise<void> {
  await trx.raw('select pg_notify(?, ?)', [CHANNEL, exportId]);
}

/**
 * Listens for decided exports, on a connection of its own that is opened again whenever it breaks. News can be missed
 * while it is broken, so this only makes things quicker: whoever listens also looks for themselves now and then.
 * @param heard called with the id of an export
 * @returns how to end it
 */
export function listenForDecisions(url: string, heard: (exportId: string) => void, log: Logger): () => Promise<void> {
  let client: pg.Client | undefined;
  let again: NodeJS.Timeout | undefined;
  let ended = false;

  const connect = async () => {
    const current = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'parcelpost-decisions' });
    client = current;
    current.on('notification', ({ payload }) => payload && heard(payload));
    current.on('error', (error) => log.warn({ err: error }, 'the connection that hears of decisions broke'));
    current.on('end', () => {
      if (!ended) again = setTimeout(() => void connect(), RECONNECT_MS);
    });
    try {
      await current.connect();
      await current.query(`listen ${CHANNEL}`);
    } catch (error) {
      if (!ended) log.warn({ err: error }, 'decisions cannot be listened for; trying again');
      // Ends in the 'end' event, which tries again.
      await current.end().catch(() => {});
    }
  };
  void connect();
  return async () => {
    ended = true;
    clearTimeout(again);
    await client?.end().catch(() => {});
  };
}
