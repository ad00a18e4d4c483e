/**
 * How much of a project may lie in storage: bundles that can be downloaded, and files that were added to it. Counted in the
 * transaction that asks for more, under the project's lock. How large an export will be nobody knows beforehand: while it is in
 * flight it counts as the newest bundle of the project with the same formats, and as nothing where there was none yet. So a
 * quota may be passed by as much as bundles have grown, and the next request is refused. Nothing is removed to make room.
 */
import { ProblemError } from '../../errors.js';
import { projectOwner } from '../../files/owner.js';
import type { Connection } from '../database.js';
import { lockProject } from './limits.js';
import type { ProjectAddress } from './projects.js';

/** Bundles that a refusal names. */
const NAMED = 10;
/** Exports of a project among which one with the same formats is looked for. */
const LATELY = 100;
const MB = 1024 * 1024;

/** What lies in storage, and will. All in bytes. */
export interface ProjectUse {
  bundles: number;
  uploads: number;
  /** What exports in flight are expected to add. */
  inFlight: number;
}

/** A bundle that could make room. */
interface Largest {
  exportId: string;
  bytes: number;
  pinned: boolean;
}

/** What a refusal shows. */
export interface QuotaHit extends ProjectUse {
  most: number;
  /** What the request is expected to add. */
  wanted: number;
  largest: Largest[];
}

export const OVER_QUOTA = {
  type: 'project-over-quota',
  status: 403,
  title: 'The project has as much in storage as it may',
} as const;

/** A request would pass a project's quota: 403 `project-over-quota`. */
export class OverQuotaError extends ProblemError {
  constructor(
    { organization, project }: ProjectAddress,
    readonly quota: QuotaHit,
  ) {
    const { status, type, title } = OVER_QUOTA;
    const mb = (bytes: number) => `${Math.ceil(bytes / MB)} MB`;
    super(
      status,
      type,
      title,
      `${organization}/${project} may have ${mb(quota.most)} in storage. There are ${mb(quota.bundles)} of bundles and ` +
        `${mb(quota.uploads)} of uploaded files, exports in flight are expected to add ${mb(quota.inFlight)}, and this ` +
        `request ${mb(quota.wanted)}. Let bundles go that nobody needs (the largest are named), unpinning them first, or ` +
        'wait until they expire.',
      { members: { quota } },
    );
  }
}

export class ProjectQuota {
  /** @param settings.mb most, of 1,048,576 bytes; 0 for no limit */
  constructor(readonly settings: { readonly mb: number }) {}

  /**
   * Checks an export that has just been recorded, or begun again. Its transaction is to be rolled back where it is refused.
   * @throws {OverQuotaError}
   */
  async checkExport(trx: Connection, id: string): Promise<void> {
    if (this.settings.mb === 0) return;
    const address = await trx('exports').where({ id }).first<ProjectAddress | undefined>('organization', 'project');
    if (address) await this.#check(trx, address, { exportId: id });
  }

  /**
   * Checks a file that is about to be added to a project.
   * @throws {OverQuotaError}
   */
  async checkFile(trx: Connection, address: ProjectAddress, fileId: string): Promise<void> {
    if (this.settings.mb === 0) return;
    const file = await trx('files').where({ id: fileId }).first<{ bytes: number } | undefined>('bytes');
    await this.#check(trx, address, { bytes: file?.bytes ?? 0 });
  }

  async #check(
    trx: Connection,
    address: ProjectAddress,
    asked: { exportId: string } | { bytes: number },
  ): Promise<void> {
    await lockProject(trx, address);
    const most = this.settings.mb * MB;
    const exportId = 'exportId' in asked ? asked.exportId : undefined;
    const { own, ...use } = await useOf(trx, address, exportId);
    const wanted = 'bytes' in asked ? asked.bytes : own;
    const used = use.bundles + use.uploads + use.inFlight;
    // What nobody knows the size of is refused where there is no room at all.
    if (used + wanted <= most && !(wanted === 0 && used >= most)) return;
    throw new OverQuotaError(address, { most, ...use, wanted, largest: await largest(trx, address) });
  }
}

/** SQL for bundles `f` of exports `e` that can be downloaded. */
const IN_REACH = `f.kind = 'bundle' and f.owner_kind = 'project' and f.cleared_at is null and f.removed_at is null
  and greatest(f.expires_at, e.pinned_until) > now()`;

/** @param exportId of which `own` tells what it is expected to add; it is not among those in flight */
async function useOf(
  trx: Connection,
  address: ProjectAddress,
  exportId: string | undefined,
): Promise<ProjectUse & { own: number }> {
  const { id: owner } = projectOwner(address);
  // From the slash behind the project to the sign after that: all of its records.
  const records = { from: `${owner}/`, to: `${owner}0` };
  const { rows } = await trx.raw<{ rows: [ProjectUse & { own: number }] }>(
    `with lately as (
       select id, options->'formats' as formats from exports
       where organization = :organization and project = :project order by requested_at desc limit ${LATELY}
     ), sizes as (
       select distinct on (l.formats) l.formats, f.bytes from lately l
       join files f on f.export_id = l.id and f.owner_kind = 'project' order by l.formats, f.created_at desc
     ), open as (
       select e.id, coalesce(s.bytes, 0) as bytes from exports e left join sizes s on s.formats = e.options->'formats'
       where e.outcome is null and e.organization = :organization and e.project = :project
     )
     select
       (select coalesce(sum(f.bytes), 0)::float8 from files f join exports e on e.id = f.export_id
        where ${IN_REACH} and f.owner_id collate "C" = :owner) as bundles,
       (select coalesce(sum(bytes), 0)::float8 from files
        where cleared_at is null and removed_at is null and owner_kind = 'record'
          and owner_id collate "C" >= :from and owner_id collate "C" < :to) as uploads,
       (select coalesce(sum(bytes), 0)::float8 from open where id is distinct from cast(:exportId as uuid)) as "inFlight",
       (select coalesce(sum(bytes), 0)::float8 from open where id = cast(:exportId as uuid)) as own`,
    { ...address, owner, ...records, exportId: exportId ?? null },
  );
  return rows[0];
}

async function largest(trx: Connection, address: ProjectAddress): Promise<Largest[]> {
  const { rows } = await trx.raw<{ rows: Largest[] }>(
    `select f.export_id as "exportId", f.bytes, coalesce(e.pinned_until > now(), false) as pinned
     from files f join exports e on e.id = f.export_id
     where ${IN_REACH} and f.owner_id collate "C" = ? order by f.bytes desc, f.id limit ${NAMED}`,
    [projectOwner(address).id],
  );
  return rows;
}

/** What of one project lies in storage, for whoever looks after it. */
export interface ProjectUsage {
  /** `<organization>/<project>`. */
  project: string;
  bundles: number;
  bundleBytes: number;
  /** Of those bytes what is pinned. */
  pinnedBytes: number;
  uploads: number;
  uploadBytes: number;
}

/** The projects with most in storage first; what is out of reach counts until its bytes are gone. */
export async function projectUsage(db: Connection, limit: number): Promise<ProjectUsage[]> {
  const { rows } = await db.raw<{ rows: ProjectUsage[] }>(
    `select project, count(*) filter (where kind = 'bundle') as bundles,
       coalesce(sum(bytes) filter (where kind = 'bundle'), 0)::float8 as "bundleBytes",
       coalesce(sum(bytes) filter (where pinned), 0)::float8 as "pinnedBytes",
       count(*) filter (where kind = 'upload') as uploads,
       coalesce(sum(bytes) filter (where kind = 'upload'), 0)::float8 as "uploadBytes"
     from (
       select f.owner_id as project, 'bundle' as kind, f.bytes, coalesce(e.pinned_until > now(), false) as pinned
       from files f join exports e on e.id = f.export_id
       where f.cleared_at is null and f.owner_kind = 'project'
       union all
       select substring(owner_id from '^[^/]+/[^/]+'), 'upload', bytes, false from files
       where cleared_at is null and owner_kind = 'record'
     ) stored
     group by project order by sum(bytes) desc, project limit ?`,
    [limit],
  );
  return rows;
}
