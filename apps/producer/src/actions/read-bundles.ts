/** Who may download a bundle: whoever may see the project that owns it. */
import { stateOf } from '@parcelpost/shared/db/services/exports.js';
import type { FileRow } from '@parcelpost/shared/db/services/files.js';
import { ProjectService } from '@parcelpost/shared/db/services/projects.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { projectOf } from '@parcelpost/shared/files/owner.js';
import type { Dependencies } from '../dependencies.js';
import { problem } from '../problems.js';
import { expiredProblem } from './expired-problem.js';
import { externalPlatform } from './platform-url.js';
import { NOT_FOUND, ReadExports } from './read-exports.js';

export class ReadBundles {
  readonly #exports: ReadExports;
  readonly #projects: ProjectService;
  readonly #external: boolean;
  readonly #publicUrl: string;

  constructor(dependencies: Pick<Dependencies, 'db' | 'config' | 'places' | 'pipeline'>) {
    const { db, config } = dependencies;
    this.#exports = new ReadExports(dependencies);
    this.#projects = new ProjectService(db);
    this.#external = externalPlatform(config) !== undefined;
    this.#publicUrl = config.PUBLIC_URL;
  }

  /**
   * The bundle of an export, for somebody who may have it now: who may see the project that owns it, as it stands at this
   * moment; of another platform's project, whose members that platform alone knows, who asked for it. Members of the project
   * are also told why there is none.
   * @throws {ProblemError} 404 `export-not-found`; to members 409 `export-unfinished` and `export-without-file`, 410
   *   `export-expired`
   */
  async downloadable(id: string, user: UserRow): Promise<FileRow> {
    const row = await this.#exports.find(id);
    if (!row) throw problem('export-not-found', NOT_FOUND);
    const { file, fileThere } = await this.#exports.file(row);
    const { member, maySee } = await this.#standing(user, {
      requesterId: row.requester.id,
      project: (file && projectOf(file.owner)) ?? row,
    });
    if (maySee && file && fileThere) return file;
    if (!member) throw problem('export-not-found', NOT_FOUND);
    const state = stateOf(row);
    if (state === 'waiting' || state === 'running') {
      throw problem('export-unfinished', `The export is ${state}; there is nothing to download yet.`);
    }
    if (file) throw expiredProblem(row, file.expiresAt ?? file.removedAt, this.#publicUrl);
    throw problem('export-without-file', `The export is ${state}; it left no file. Its state says why.`);
  }

  async #standing(
    user: UserRow,
    { requesterId, project }: { requesterId: string; project: { organization: string; project: string } },
  ): Promise<{ member: boolean; maySee: boolean }> {
    if (this.#external) return { member: requesterId === user.id, maySee: requesterId === user.id };
    const access = await this.#projects.access(project.organization, project.project, user.id);
    return { member: access?.isMember ?? false, maySee: access?.maySee ?? false };
  }
}
