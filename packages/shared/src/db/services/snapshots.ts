import type { Connection } from '../database.js';
import { MAY_SEE } from './projects.js';
import { isUuid } from './users.js';

/** A consistent view of a project, as it is noted. */
export interface SnapshotRow {
  id: string;
  expiresAt: Date;
}

/** How a reader stands to a project, and to a snapshot of it, at this moment. */
export interface SnapshotAccess {
  projectId: string;
  /** Whether the reader may see the project. */
  allowed: boolean;
  /** By which a transaction takes the view; null where the snapshot is not this reader's, or is over. */
  pgSnapshot: string | null;
}

/** The rows of `snapshots`. */
export class SnapshotService {
  constructor(readonly db: Connection) {}

  /**
   * Looks at rights and snapshot as they are now, which a reader in the view could not.
   * @param jti of the reader's token
   * @param snapshot its id, as it was given out; none: only rights are looked at
   * @returns undefined where there is no such project
   */
  async access(
    reading: { organization: string; project: string; userId: string; jti: string },
    snapshot?: string,
  ): Promise<SnapshotAccess | undefined> {
    const { organization, project, userId, jti } = reading;
    const { rows } = await this.db
      .raw<{ rows: SnapshotAccess[] }>(
        `select p.id as "projectId", ${MAY_SEE} as allowed, s.pg_snapshot as "pgSnapshot"
         from projects p join organizations o on o.id = p.organization_id
         left join snapshots s on s.project_id = p.id and s.id = cast(:snapshot as uuid) and s.jti = cast(:jti as uuid)
           and s.expires_at > now()
         where o.slug = :organization and p.slug = :project`,
        {
          organization,
          project,
          user: isUuid(userId) ? userId : NOBODY,
          jti: isUuid(jti) ? jti : null,
          snapshot: snapshot !== undefined && isUuid(snapshot) ? snapshot : null,
        },
      )
      .options({ name: 'snapshot-access' });
    return rows[0];
  }

  /** The snapshot that a token has open; undefined where it has none. */
  async ofToken(jti: string): Promise<SnapshotRow | undefined> {
    return this.db('snapshots')
      .where({ jti })
      .andWhere('expires_at', '>', this.db.fn.now())
      .first<SnapshotRow | undefined>({ id: 'id', expiresAt: 'expires_at' });
  }

  /**
   * Notes a view that is held open.
   * @returns undefined when the token has one already, which somebody else opened in this moment
   */
  async add(row: { jti: string; projectId: string; pgSnapshot: string; minutes: number }) {
    const { rows } = await this.db.raw<{ rows: SnapshotRow[] }>(
      `insert into snapshots (jti, project_id, pg_snapshot, expires_at)
       values (?, ?, ?, now() + make_interval(mins => ?)) on conflict (jti) do nothing
       returning id, expires_at as "expiresAt"`,
      [row.jti, row.projectId, row.pgSnapshot, row.minutes],
    );
    return rows[0];
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.db('snapshots').whereIn('id', ids).delete();
  }

  /** Removes those whose time is over, and those of exports that are decided; whoever holds one finds that out. */
  async removeEnded(): Promise<void> {
    await this.db.raw(
      `delete from snapshots s where s.expires_at <= now() or exists (
         select from scoped_tokens t join exports e on e.id = t.export_id
         where t.jti = s.jti and (e.outcome is not null or e.generation <> t.generation))`,
    );
  }

  /** Which of these are still noted. */
  async noted(ids: readonly string[]): Promise<Set<string>> {
    return new Set(await this.db('snapshots').whereIn('id', ids).pluck<string[]>('id'));
  }
}

/** A user whom there never is. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
