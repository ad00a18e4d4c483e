/** News that PostgreSQL tells (LISTEN, NOTIFY), on a connection of its own that is opened again whenever it breaks. */
import pg from 'pg';
import type { Logger } from '../log.js';

const RECONNECT_MS = 2_000;

export interface Listened {
  /** Named by whoever tells; a plain word. */
  channel: string;
  /** What is heard there, for the log. */
  what: string;
}

/**
 * Listens on a channel. News can be missed while the connection is broken, so this only makes things quicker: whoever listens
 * also looks for themselves now and then.
 * @param heard called with what was told
 * @returns how to end it
 */
export function listenTo(
  url: string,
  { channel, what }: Listened,
  heard: (payload: string) => void,
  log: Logger,
): () => Promise<void> {
  let client: pg.Client | undefined;
  let again: NodeJS.Timeout | undefined;
  let ended = false;

  const connect = async () => {
    const application_name = `parcelpost-${what}`;
    const current = new pg.Client({ connectionString: url, keepAlive: true, application_name });
    client = current;
    current.on('notification', ({ payload }) => payload && heard(payload));
    current.on('error', (error) => log.warn({ err: error }, `the connection that hears of ${what} broke`));
    current.on('end', () => {
      if (!ended) again = setTimeout(() => void connect(), RECONNECT_MS);
    });
    try {
      await current.connect();
      await current.query(`listen ${channel}`);
    } catch (error) {
      if (!ended) log.warn({ err: error }, `${what} cannot be listened for; trying again`);
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
