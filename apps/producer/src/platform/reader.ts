/** Reads the platform's data for one user: the queries of queries.ts, answered as bytes. */
import type { Database } from '@parcelpost/shared/db/database.js';
import type { SnapshotAccess, SnapshotService } from '@parcelpost/shared/db/services/snapshots.js';
import { isUuid } from '@parcelpost/shared/db/services/users.js';
import type { ProblemError } from '@parcelpost/shared/errors.js';
import { ENTITIES, type Entity } from '@parcelpost/shared/records.js';
import type { Knex } from 'knex';
import { problem } from '../problems.js';
import { pageSql, projectSql } from './queries.js';
import { Views } from './view.js';

/** Who reads which project. */
export interface Reading {
  organization: string;
  project: string;
  userId: string;
  /** Id of the token that is read with. */
  jti: string;
  /** The consistent view to read in; without it what is there now. */
  snapshot?: string | undefined;
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
  readonly #views: Views;
  /** How readers stood to the snapshots that were read in last; by token, project and snapshot. */
  readonly #standings = new Map<string, { since: number; view: Promise<string> }>();

  constructor(
    readonly db: Database,
    readonly snapshots: SnapshotService,
  ) {
    this.#views = new Views(db);
  }

  /**
   * How the reader stands to the project now.
   * @throws {ProblemError} 404 `project-not-found`, 403 `project-not-permitted`
   */
  async access(reading: Reading): Promise<SnapshotAccess> {
    const access = await this.snapshots.access(reading, reading.snapshot);
    if (!access) throw notFound(reading);
    if (!access.allowed) throw notPermitted(reading);
    return access;
  }

  /**
   * One page of a project's records, in their stable order.
   * @param page.after position behind which the page begins
   * @param page.until position behind which there is no record for the reader: neither on this page nor on the next
   * @param page.skip records passed over from the beginning
   * @param page.resources address below which files of resources are read that are kept here
   * @throws {ProblemError} 404 `project-not-found`, 403 `project-not-permitted`, 410 `snapshot-gone`
   */
  async page(
    entity: Entity,
    reading: Reading,
    page: { after: string; until: string; skip: number; size: number; resources: string },
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
   * @throws {ProblemError} 404 `project-not-found`, 403 `project-not-permitted`, 410 `snapshot-gone`
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
    const answer = reading.snapshot === undefined ? await query : await this.#inSnapshot(reading, query);
    const [row] = (answer as { rows: (Columns<Name> & Columns<'allowed'>)[] }).rows;
    if (!row) throw notFound(reading);
    if (row.allowed?.toString('latin1') !== 'true') throw notPermitted(reading);
    return row;
  }

  async #inSnapshot(reading: Reading, query: Knex.Raw): Promise<unknown> {
    return this.#views.run(await this.#viewOf(reading), query, gone);
  }

  /** The view of a snapshot, for who may read in it. Rights are those of now, not those of the view; looked at each second. */
  #viewOf(reading: Reading): Promise<string> {
    const { jti, organization, project, snapshot } = reading;
    const key = JSON.stringify([jti, organization, project, snapshot]);
    const known = this.#standings.get(key);
    if (known && performance.now() - known.since < STANDING_MS) return known.view;
    const view = this.access(reading).then(({ pgSnapshot }) => {
      if (pgSnapshot === null) throw gone();
      return pgSnapshot;
    });
    view.catch(() => this.#standings.delete(key));
    this.#standings.delete(key);
    this.#standings.set(key, { since: performance.now(), view });
    const [oldest] = this.#standings.keys();
    if (this.#standings.size > STANDINGS_KEPT && oldest !== undefined) this.#standings.delete(oldest);
    return view;
  }
}

/** So long a reader may go on whose rights are taken away, or whose snapshot is over: pages come many in a second. */
const STANDING_MS = 1_000;
const STANDINGS_KEPT = 256;

function notFound({ organization, project }: Reading): ProblemError {
  return problem('project-not-found', `There is no project ${organization}/${project} here. Check both names.`);
}

function notPermitted({ organization, project }: Reading): ProblemError {
  return problem(
    'project-not-permitted',
    `The user of this token may not, or may no longer, see ${organization}/${project}.`,
  );
}

function gone(): ProblemError {
  return problem(
    'snapshot-gone',
    'This snapshot is over, or was lost, or is not of this token and project. Read afresh: with a new snapshot, or without one.',
  );
}
