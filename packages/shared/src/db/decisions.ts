/** News of decided exports, told by PostgreSQL (LISTEN, NOTIFY) the moment that the deciding transaction commits. */
import type { Logger } from '../log.js';
import type { Connection } from './database.js';
import { listenTo } from './listen.js';

const CHANNEL = 'parcelpost_decided';

/** Tells listeners that an export is decided; nobody hears of it unless the transaction commits. */
export async function announceDecision(trx: Connection, exportId: string): Promise<void> {
  await trx.raw('select pg_notify(?, ?)', [CHANNEL, exportId]);
}

/**
 * Listens for decided exports; see {@link listenTo}.
 * @param heard called with the id of an export
 * @returns how to end it
 */
export function listenForDecisions(url: string, heard: (exportId: string) => void, log: Logger): () => Promise<void> {
  return listenTo(url, { channel: CHANNEL, what: 'decisions' }, heard, log);
}
