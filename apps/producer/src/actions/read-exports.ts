/** Looking at exports: which ones a person may see, and all that belongs to one. */

import type { Database } from '@parcelpost/shared/db/database.js';
import {
  type ExportProgress,
  type ExportRow,
  ExportService,
  type ExportState,
  stateOf,
} from '@parcelpost/shared/db/services/exports.js';
import { type FileRow, FileService } from '@parcelpost/shared/db/services/files.js';
import { type FollowUpNode, OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import type { PlacesInQueue } from '@parcelpost/shared/db/services/places-in-queue.js';
import { ProjectService } from '@parcelpost/shared/db/services/projects.js';
import { RenewalService } from '@parcelpost/shared/db/services/renewals.js';
import { stepWork } from '@parcelpost/shared/db/services/step-work.js';
import { isUuid, type UserRow } from '@parcelpost/shared/db/services/users.js';
import type { Pipeline } from '@parcelpost/shared/pipeline/pipeline.js';
import type { StepView } from '@parcelpost/shared/pipeline/step-view.js';
import type { Dependencies } from '../dependencies.js';
import { problem } from '../problems.js';
import { bundleOf, isThere } from './bundle-of.js';
import { externalPlatform } from './platform-url.js';
import { offerOf, type RenewalOffer } from './renewal-offer.js';

/**
 * An export with what was made of it. Its row alone says how it stands: what was read after it may be newer, so of that
 * come only figures, and nothing that a decision brings before the row knows of one.
 */
export interface ExportDetail {
  row: ExportRow;
  state: ExportState;
  progress: Pick<ExportProgress, 'rows' | 'rowsExpected' | 'jobsDone' | 'jobs'>;
  /** The bundle that it left, also when its time is over; or one that an earlier try left. */
  file: FileRow | undefined;
  /** Whether there is a bundle to download. */
  fileThere: boolean;
  /** The follow-up that started it, and the export which that belongs to. */
  startedBy: { exportId: string; followUpId: string } | null;
  /** Whether a newer version of its results is to be had. */
  renewal: RenewalOffer;
}

/** A follow-up as somebody may see it: its result, and what its error says, are for those in charge of the export alone. */
export type SeenFollowUp = Omit<FollowUpNode, 'error'> & { error: { code: string; message: string | null } | null };

export const NOT_FOUND = 'There is no export of this id among the projects of which you are a member.';

export class ReadExports {
  readonly db: Dependencies['db'];
  readonly #exports: ExportService;
  readonly #files: FileService;
  readonly #outbox: OutboxService;
  readonly #projects: ProjectService;
  readonly #external: boolean;
  readonly #config: Dependencies['config'];
  readonly #places: PlacesInQueue;
  readonly #pipeline: Pipeline;

  constructor({ db, config, places, pipeline }: Pick<Dependencies, 'db' | 'config' | 'places' | 'pipeline'>) {
    this.db = db;
    this.#exports = new ExportService(db);
    this.#files = new FileService(db);
    this.#outbox = new OutboxService(db);
    this.#projects = new ProjectService(db);
    this.#external = externalPlatform(config) !== undefined;
    this.#config = config;
    this.#places = places;
    this.#pipeline = pipeline;
  }

  /**
   * One export, for somebody who may see it: a member of its project; with an external platform, which alone knows its
   * members, only the person who asked for it.
   * @throws {ProblemError} 404 `export-not-found` for everybody else
   */
  async one(id: string, user: UserRow): Promise<ExportRow> {
    const row = await this.find(id);
    if (!row || !(await this.#maySee(row, user))) throw problem('export-not-found', NOT_FOUND);
    return row;
  }

  /** One export, whoever may see it; undefined if there is none. */
  async find(id: string): Promise<ExportRow | undefined> {
    return isUuid(id) ? this.#exports.get(id) : undefined;
  }

  /** The same, within a transaction. */
  within(trx: Database): ReadExports {
    return new ReadExports({ db: trx, config: this.#config, places: this.#places, pipeline: this.#pipeline });
  }

  /**
   * One export that somebody sees and may change: their own, or one of a project that they administer.
   * @throws {ProblemError} as {@link one}; 403 `export-not-yours`
   */
  async changeable(id: string, user: UserRow): Promise<ExportRow> {
    const row = await this.one(id, user);
    if (await this.inCharge(row, user)) return row;
    throw problem(
      'export-not-yours',
      `${row.requester.name} asked for this export. Ask them, or an administrator of ${row.organization}/${row.project}.`,
    );
  }

  /**
   * Whether a user is in charge of an export, as the asker is, and who administers the project: they may cancel it and try
   * it again, and see what its follow-ups left, which may name people and projects that are nobody else's business.
   */
  async inCharge(row: ExportRow, user: UserRow): Promise<boolean> {
    if (row.requester.id === user.id) return true;
    if (this.#external) return false;
    return (await this.#projects.access(row.organization, row.project, user.id))?.mayAdminister ?? false;
  }

  /** Whether a user may ask for more exports of an export's project: of one that is archived, its administrators alone. */
  async mayAsk(row: ExportRow, user: UserRow): Promise<boolean> {
    // Another platform says so when it is asked.
    if (this.#external) return true;
    return (await this.#projects.access(row.organization, row.project, user.id))?.mayExport ?? false;
  }

  /** What belongs to an export that {@link one} has given out, as the same user may see it. */
  async detail(
    row: ExportRow,
    user: UserRow,
  ): Promise<ExportDetail & { followUps: SeenFollowUp[]; placeInQueue: number | null; steps: StepView[] }> {
    const waits = row.outcome === null && row.waitingSince !== null;
    const [details, followUps, inCharge, place, work] = await Promise.all([
      this.#details([row]),
      this.#outbox.followUps(row.id),
      this.inCharge(row, user),
      waits ? this.#places.of(row.id) : null,
      stepWork(this.db, row),
    ]);
    const [detail] = details;
    if (!detail) throw problem('export-not-found', NOT_FOUND);
    const released = followUps.filter(({ generation }) => row.outcome !== null || generation < row.generation);
    const steps = this.#pipeline.context(row.options, work);
    return { ...detail, placeInQueue: place, steps, followUps: inCharge ? released : released.map(withoutWhatItLeft) };
  }

  /** The bundle of an export, and whether it is there to be downloaded now. */
  async file(row: ExportRow): Promise<Pick<ExportDetail, 'file' | 'fileThere'>> {
    return bundleIn(await this.#files.ofExports([row.id]), row, new Date());
  }

  /**
   * The newest exports first: those of a project of which the user is a member, or else the user's own.
   * @throws {ProblemError} 404 `project-not-found` for a project of which the user is not a member
   */
  async recent(
    user: UserRow,
    project: { organization: string; project: string } | undefined,
    limit: number,
  ): Promise<ExportDetail[]> {
    if (project && !this.#external) {
      const access = await this.#projects.access(project.organization, project.project, user.id);
      if (!access?.isMember) {
        const name = `${project.organization}/${project.project}`;
        throw problem('project-not-found', `There is no project ${name} of which you are a member.`);
      }
      return this.#details(await this.#exports.recent({ ...project, limit }));
    }
    return this.#details(await this.#exports.recent({ ...project, requesterId: user.id, limit }));
  }

  async #maySee(row: ExportRow, user: UserRow): Promise<boolean> {
    if (this.#external) return row.requester.id === user.id;
    return (await this.#projects.access(row.organization, row.project, user.id))?.isMember ?? false;
  }

  async #details(rows: ExportRow[]): Promise<ExportDetail[]> {
    const ids = rows.map(({ id }) => id);
    const started = rows.flatMap(({ startedBy }) => startedBy ?? []);
    const [progress, files, starters, renewals] = await Promise.all([
      this.#exports.progress(ids),
      this.#files.ofExports(ids),
      this.#outbox.exportsOf(started),
      new RenewalService(this.db).newestOf(ids),
    ]);
    const byExport = new Map<string, FileRow[]>(ids.map((id) => [id, []]));
    for (const file of files) byExport.get(file.exportId)?.push(file);
    const now = new Date();
    return rows.flatMap((row) => {
      const how = progress.get(row.id);
      if (!how) return [];
      const state = stateOf(row, now);
      const starter = row.startedBy === null ? undefined : starters.get(row.startedBy);
      return [
        {
          row,
          state,
          progress: how,
          ...bundleIn(byExport.get(row.id) ?? [], row, now),
          startedBy: starter === undefined ? null : { exportId: starter, followUpId: row.startedBy as string },
          renewal: offerOf(this.#pipeline, row, state, renewals.get(row.id)),
        },
      ];
    });
  }
}

function bundleIn(files: readonly FileRow[], row: ExportRow, now: Date): Pick<ExportDetail, 'file' | 'fileThere'> {
  const file = bundleOf(row, files, now);
  return { file, fileThere: file !== undefined && isThere(file, now) && stateOf(row, now) !== 'expired' };
}

function withoutWhatItLeft(followUp: FollowUpNode): SeenFollowUp {
  const { error } = followUp;
  return { ...followUp, result: null, error: error && { code: error.code, message: null } };
}
