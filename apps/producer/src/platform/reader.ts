/** Reads the platform's data for one user: the queries of queries.ts, answered as bytes. */
import type { Database } from '@parcelpost/shared/db/database.js';
import { isUuid } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { ENTITIES, type Entity } from '@parcelpost/shared/records.js';
import { pageSql, projectSql } from './queries.js';

/** Who reads which project. */
export interface Reading {
  organization: string;
  project: string;
  userId: string;
}

/** One page. `records` is a JSON array, as UTF-8; `next` the cursor of the page after it. */
export interface Page {
  count: number;
  size: number;
  next: string | null;
  records: Buffer;
}

const PAGE_SQL = Object.fromEntries(ENTITIES.map((entity) => [entity, pageSql(entity)])) as Record<Entity, string>;

type Columns<Name extends string> = { [name in Name]: Buffer | null };

/**
 * Columns arrive as the bytes that PostgreSQL sent, all of them text or JSON: a page is megabytes that nobody here need decode.
 */
const AS_BYTES = { binary: true, types: { getTypeParser: () => (bytes: Buffer) => bytes } };

/** Reads of the platform API, for users who may see what they read. */
export class PlatformReader {
  constructor(readonly db: Database) {}

  /**
   * One page of a project's records, in their stable order.
   * @param page.after position behind which the page begins
   * @param page.until position behind which there is no record for the reader: neither on this page nor on the next
   * @param page.skip records passed over from the beginning
   * @throws {ProblemError} 404 `project-not-found`, 403 `project-not-permitted`
   */
  async page(
    entity: Entity,
    reading: Reading,
    page: { after: string; until: string; skip: number; size: number },
  ): Promise<Page> {
    const row = await this.#one<'n' | 'records' | 'count' | 'next'>(`page-${entity}`, reading, page, PAGE_SQL[entity]);
    return {
      count: Number(row.count),
      size: Number(row.n),
      next: row.next?.toString('latin1') ?? null,
      records: row.records ?? Buffer.from('[]'),
    };
  }

  /**
   * The project itself, as JSON text in UTF-8.
   * @param shardSize also answer where shards of so many records begin
   * @throws {ProblemError} 404 `project-not-found`, 403 `project-not-permitted`
   */
  async project(reading: Reading, shardSize: number | undefined): Promise<Buffer> {
    const bindings = shardSize === undefined ? {} : { shardSize };
    const sharded = shardSize !== undefined;
    const name = sharded ? 'project-sharded' : 'project';
    const row = await this.#one<'body'>(name, reading, bindings, projectSql(sharded));
    return row.body ?? Buffer.alloc(0);
  }

  /** Runs a query under a name, so that each connection has it parsed once. */
  async #one<Name extends string>(
    name: string,
    reading: Reading,
    bindings: Record<string, string | number>,
    sql: string,
  ): Promise<Columns<Name>> {
    const { organization, project, userId } = reading;
    // A subject that is no id of a user is one who has no rights.
    const user = isUuid(userId) ? userId : '00000000-0000-0000-0000-000000000000';
    const query = this.db.raw(sql, { organization, project, user, ...bindings }).options({ ...AS_BYTES, name });
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
