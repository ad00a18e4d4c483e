/** Projects as their pages show them to one reader: our own, or what is known here of another platform's. */
import type { ListedProject, ProjectDirectory } from '@parcelpost/shared/db/services/project-directory.js';
import type { ProjectAddress, ProjectService } from '@parcelpost/shared/db/services/projects.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import type { ReadExports } from '../../actions/read-exports.js';
import { problem } from '../../problems.js';
import type { RecentExport, ShownProject } from './view.js';

/** Exports that a project's page shows. */
const RECENT = 20;
/** Of another platform, the projects of so many exports of the reader's are listed. */
const RECENT_ELSEWHERE = 200;

interface Dependencies {
  projects: ProjectService;
  directory: ProjectDirectory;
  exports: ReadExports;
  /** Whether another platform holds the projects, and alone knows their members. */
  external: boolean;
}

export class ReadProjects {
  constructor(readonly dependencies: Dependencies) {}

  /** The projects that a user may see; of another platform, those of which they have asked for exports. */
  async visible(
    user: UserRow,
    which: { search: string; after: ProjectAddress | undefined; limit: number },
  ): Promise<(Pick<ListedProject, 'slug' | 'name' | 'organization'> & Partial<ListedProject>)[]> {
    const { directory, exports, external } = this.dependencies;
    if (!external) return directory.visible(user.id, which);
    const recent = await exports.recent(user, undefined, RECENT_ELSEWHERE);
    const asked = recent.map(({ row }) => ({
      slug: row.project,
      name: row.projectName,
      organization: { slug: row.organization, name: row.organizationName },
    }));
    const text = which.search.toLowerCase();
    const after = which.after && `${which.after.organization}/${which.after.project}`;
    const distinct = new Map(asked.map((one) => [`${one.organization.slug}/${one.slug}`, one]));
    return [...distinct]
      .filter(([key]) => after === undefined || key > after)
      .filter(([key, { name, organization }]) => `${key} ${organization.name} ${name}`.toLowerCase().includes(text))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, which.limit)
      .map(([, project]) => project);
  }

  /**
   * One project, and its id where it is our own.
   * @throws {ProblemError} 404 `project-not-found` where there is none that the user may see
   */
  async one(user: UserRow, at: ProjectAddress): Promise<ShownProject & { id: string | undefined }> {
    const { projects, directory, exports, external } = this.dependencies;
    if (external) {
      const [last] = await exports.recent(user, at, 1);
      return {
        id: undefined,
        organization: { slug: at.organization, name: last?.row.organizationName ?? at.organization },
        slug: at.project,
        name: last?.row.projectName ?? at.project,
        standing: { archived: false, isMember: true, mayExport: true },
        about: undefined,
      };
    }
    const access = await projects.access(at.organization, at.project, user.id);
    if (!access?.maySee) {
      throw problem('project-not-found', `There is no project ${at.organization}/${at.project} that you may see.`);
    }
    const { id, organization, slug, name, archived, isMember, mayExport } = access;
    return {
      id,
      organization,
      slug,
      name,
      standing: { archived, isMember, mayExport },
      about: await directory.about(id),
    };
  }

  /** The recent exports of a project, for its members; undefined for others, who may not see them. */
  async recent(user: UserRow, { standing }: ShownProject, at: ProjectAddress): Promise<RecentExport[] | undefined> {
    const { projects, exports, external } = this.dependencies;
    if (!standing.isMember) return undefined;
    const [recent, access] = await Promise.all([
      exports.recent(user, at, RECENT),
      external ? undefined : projects.access(at.organization, at.project, user.id),
    ]);
    const administers = access?.mayAdminister ?? false;
    return recent.map((detail) => ({
      detail,
      mayChange: administers || detail.row.requester.id === user.id,
      needsToken: external,
    }));
  }
}
