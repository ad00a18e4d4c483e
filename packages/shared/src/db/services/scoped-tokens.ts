import type { TokenStanding } from '../../tokens/guard.js';
import type { Connection } from '../database.js';
import { isUuid } from './users.js';

/** Most notes of expired tokens that one new note removes: more than come in, so that they do not gather. */
const REMOVED_AT_ONCE = 100;

/** A token that was minted for an export; never the token itself. */
export interface MintedToken {
  jti: string;
  exportId: string;
  generation: number;
  /** In whose name it reads. */
  userId: string;
  /** For which service it was made. */
  recipient: string;
  expiresAt: Date;
}

/** How a token that was noted stands. */
export interface NotedToken {
  exportId: string;
  standing: TokenStanding;
  expiresAt: Date;
}

/** Notes minted tokens, in the transaction that records what they are for; and forgets some that have expired. */
export async function noteTokens(trx: Connection, minted: readonly MintedToken[]): Promise<void> {
  if (minted.length === 0) return;
  const old = trx('scoped_tokens')
    .where('expires_at', '<', trx.fn.now())
    .orderBy('expires_at')
    .limit(REMOVED_AT_ONCE)
    .forUpdate()
    .skipLocked()
    .select('jti');
  await trx('scoped_tokens').whereIn('jti', old).delete();
  await trx('scoped_tokens').insert(
    minted.map(({ jti, exportId, generation, userId, recipient, expiresAt }) => ({
      jti,
      export_id: exportId,
      generation,
      user_id: userId,
      recipient,
      expires_at: expiresAt,
    })),
  );
}

/** The rows of `scoped_tokens`. */
export class ScopedTokenService {
  constructor(readonly db: Connection) {}

  /** How a token stands that was minted for an export here; undefined where none of this id was, or it is forgotten. */
  async find(jti: string): Promise<NotedToken | undefined> {
    if (!isUuid(jti)) return undefined;
    const { rows } = await this.db.raw<{ rows: NotedToken[] }>(
      `select t.export_id as "exportId", t.expires_at as "expiresAt",
         case when e.id is null then 'not-begun'
              when e.outcome is null and e.generation = t.generation then 'good'
              else 'ended' end as standing
       from scoped_tokens t left join exports e on e.id = t.export_id
       where t.jti = ?`,
      [jti],
    );
    return rows[0];
  }
}
