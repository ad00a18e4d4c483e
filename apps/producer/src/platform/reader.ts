/** Reads the platform's data for one user: the queries of queries.ts, answered as bytes. */
import type { Database } from '@parcelpost/shared/db/database.js';
import { isUuid } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import type { Entity } from '@parcelpost/shared/records.js';
import { pageSql, projectSql } from './queries.js';

/** Who reads which project. */
export interface Reading {
  organization: string;
  project: string;
  userId: string;
}

/** One page. `records` is JSON text in UTF-8, comma-separated; `next` the cursor of the page after it. */
export interface Page {
  count: number;
  size: number;
  next: string | null;
  records: Buffer;
}

type Columns<Name extends string> = { [name in Name]: Buffer | null };

/**
 * Columns arrive as the bytes that PostgreSQL sent, all of them text: a page is megabytes that nobody here need decode.
 */
const AS_BYTES = { binary: true, types: { getTypeParser: () => (bytes: Buffer) => bytes } };

export class PlatformReader {
  constructor(readonly db: Database) {}

  /**
   * One page of a project's records, in their stable order.
   * @param page.after position behind which the page begins; @param page.skip records passed over from there
   * @throws {ProblemError} 404 `project-not-found`, 403 `project-not-permitted`
   */
  async page(entity: Entity, reading: Reading, page: { after: string; skip: number; size: number }): Promise<Page> {
    const row = await this.#one<'allowed' | 'n' | 'records' | 'count' | 'next'>(pageSql(entity), reading, page);
    return {
      count: Number(row.count),
      size: Number(row.n),
      next: row.next?.toString('latin1'),
      records: row.records ?? Buffer.alloc(0),
    };
  }

  /**
   * The project itself, as JSON text in UTF-8.
   * @param shardSize also answer where shards of so many records begin
   * @throws {ProblemError} 404 `project-not-found`, 403 `project-not-permitted`
   */
  async project(reading: Reading, shardSize: number | undefined): Promise<Buffer> {
    const bindings = shardSize === undefined ? {} : { shardSize };
    const row = await this.#one<'allowed' | 'body'>(projectSql(shardSize !== undefined), reading, bindings);
    return row.body ?? Buffer.alloc(0);
  }

  async #one<Name extends string>(sql: string, reading: Reading, bindings: Record<string, string | number>) {
    const { organization, project, userId } = reading;
    // A subject that is no id of a user is one who has no rights.
    const user = isUuid(userId) ? userId : '00000000-0000-0000-0000-000000000000';
    const query = this.db.raw(sql, { organization, project, user, ...bindings }).options(AS_BYTES);
    const { rows } = (await query) as { rows: (Columns<Name> & Columns<'allowed'>)[] };
    const [row] = rows;
    if (!row) {
      throw new ProblemError(
        404,
        'project-not-found',
        'There is no such project',
        `There is no project ${organization}/${project} here. Check both names.`,
      );
    }
    if (row.allowed?.toString('latin1') !== 'true') {
      throw new ProblemError(
        403,
        'project-not-permitted',
        'The user may not see this project',
        `The user of this token may not, or may no longer, see ${organization}/${project}.`,
      );
    }
    return row;
  }
}
