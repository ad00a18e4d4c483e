/** Keys by which a repeated request is known again, as the Idempotency-Key header field has them; each person has their own. */
import type { Connection } from '../database.js';

/** How long a key is remembered. */
export const KEY_HOURS = 24;
/** Most old keys that one new key removes: more than come in, so that they do not gather. */
const REMOVED_AT_ONCE = 100;

export interface IdempotencyKey {
  userId: string;
  key: string;
  /** Hash of what was asked: the same key with another one is a mistake of its sender. */
  fingerprint: string;
}

export interface KnownKey {
  fingerprint: string;
  exportId: string;
  /** Whether the first request with this key joined an export that was running. */
  joined: boolean;
}

/** What a key stands for; undefined where it is new, or too old to be remembered. */
export async function findKey(
  db: Connection,
  { userId, key }: Pick<IdempotencyKey, 'userId' | 'key'>,
): Promise<KnownKey | undefined> {
  return db('idempotency_keys')
    .where({ user_id: userId, key })
    .where('created_at', '>', oldest(db))
    .first<KnownKey | undefined>({ fingerprint: 'fingerprint', exportId: 'export_id', joined: 'joined' });
}

/**
 * Takes a key for the length of a transaction, so that of two requests with the same key only one is recorded.
 * @returns false while another transaction has it
 */
export async function takeKey(
  trx: Connection,
  { userId, key }: Pick<IdempotencyKey, 'userId' | 'key'>,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { taken: boolean }[] }>(
    'select pg_try_advisory_xact_lock(hashtextextended(?, 0)) as taken',
    [`parcelpost.idempotency/${userId}/${key}`],
  );
  return rows[0]?.taken === true;
}

/** What a key says of a request: nothing yet, or what the first one with it came to. */
export type KeyAnswer =
  | { kind: 'new' }
  | { kind: 'repeated'; exportId: string; joined: boolean }
  /** It stands for another request. */
  | { kind: 'key-reused' }
  /** It is being recorded at this moment. */
  | { kind: 'key-busy' };

/** Takes a key, and says what it stands for. */
export async function askKey(trx: Connection, key: IdempotencyKey): Promise<KeyAnswer> {
  if (!(await takeKey(trx, key))) return { kind: 'key-busy' };
  const known = await findKey(trx, key);
  if (!known) return { kind: 'new' };
  if (known.fingerprint !== key.fingerprint) return { kind: 'key-reused' };
  return { kind: 'repeated', exportId: known.exportId, joined: known.joined };
}

/** Keeps a key that was taken and not found, and removes some that are too old. */
export async function keepKey(
  trx: Connection,
  { userId, key, fingerprint }: IdempotencyKey,
  { exportId, joined }: Pick<KnownKey, 'exportId' | 'joined'>,
): Promise<void> {
  const old = trx('idempotency_keys')
    .where('created_at', '<=', oldest(trx))
    .orderBy('created_at')
    .limit(REMOVED_AT_ONCE)
    .forUpdate()
    .skipLocked()
    .select('user_id', 'key');
  await trx('idempotency_keys').whereIn(['user_id', 'key'], old).delete();
  await trx('idempotency_keys')
    .insert({ user_id: userId, key, fingerprint, export_id: exportId, joined })
    // One that is too old, and was not among those removed.
    .onConflict(['user_id', 'key'])
    .merge({ fingerprint, export_id: exportId, joined, created_at: trx.fn.now() });
}

const oldest = (db: Connection) => db.raw(`now() - ? * interval '1 hour'`, [KEY_HOURS]);
