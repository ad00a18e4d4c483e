import type { Connection } from '../database.js';
import { isUuid, USER_COLUMNS, type UserRow } from './users.js';

/** Sessions of the pages, which are signed cookies: what the database knows are those that were ended before their time. */
export class SessionService {
  constructor(readonly db: Connection) {}

  /** Whose session it is; undefined where it was ended, or there is no such user (any more). */
  async userOf(session: { id: string; userId: string }): Promise<UserRow | undefined> {
    if (!isUuid(session.userId)) return undefined;
    return this.db('users')
      .where({ id: session.userId })
      .whereNotExists(this.db('ended_sessions').where({ id: session.id }))
      .first<UserRow | undefined>(USER_COLUMNS);
  }

  /** Ends a session; again is the same. */
  async end({ id, expiresAt }: { id: string; expiresAt: Date }): Promise<void> {
    await this.db('ended_sessions').insert({ id, expires_at: expiresAt }).onConflict('id').ignore();
  }

  /** Forgets those whose time is over, which are worth nothing anyway. @returns how many */
  async removeExpired(limit: number): Promise<number> {
    const old = this.db('ended_sessions').where('expires_at', '<', this.db.fn.now()).limit(limit).select('id');
    return this.db('ended_sessions').whereIn('id', old).delete();
  }
}
