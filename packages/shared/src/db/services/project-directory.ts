/** Projects as people find them: which there are, what each holds, where it lies. */
import type { Connection } from '../database.js';
import { IS_MEMBER, MAY_SEE, type ProjectAddress } from './projects.js';

/** Records of a project, by kind. */
export interface ProjectCounts {
  locations: number;
  parties: number;
  relationships: number;
  resources: number;
}

/** A project in a list. */
export interface ListedProject {
  slug: string;
  name: string;
  country: string;
  archived: boolean;
  isMember: boolean;
  organization: { slug: string; name: string };
  counts: ProjectCounts;
}

/** What is told of a project to whoever may see it. */
export interface ProjectAbout {
  description: string;
  country: string;
  access: 'public' | 'private';
  counts: ProjectCounts;
}

/** One location, at its place in the project's order. */
export interface Located {
  position: number;
  /** As it was brought: GeoJSON, if all is well. */
  geometry: unknown;
}

/** Locations that are read at once end with the one that exceeds this, in bytes as they are stored: half or a third of the JSON. */
const LOCATIONS_BYTES = 2_000_000;

const COUNTS = `(
  select json_build_object(
    'locations', coalesce(sum(c.n) filter (where c.entity = 'locations'), 0),
    'parties', coalesce(sum(c.n) filter (where c.entity = 'parties'), 0),
    'relationships', coalesce(sum(c.n) filter (where c.entity = 'relationships'), 0),
    'resources', coalesce(sum(c.n) filter (where c.entity = 'resources'), 0))
  from project_counts c where c.project_id = p.id)`;

export class ProjectDirectory {
  constructor(readonly db: Connection) {}

  /**
   * The projects that a user may see, by the slugs of organization and project.
   * @param which `search`: only those in whose names or slugs this text is, in upper or lower case; `after`: only those behind
   *   this one; `limit`: most that are answered
   */
  async visible(
    userId: string,
    which: { search?: string; after?: ProjectAddress | undefined; limit: number },
  ): Promise<ListedProject[]> {
    const { search = '', after, limit } = which;
    const { rows } = await this.db.raw<{ rows: ListedProject[] }>(
      `select p.slug, p.name, p.country, p.archived, ${IS_MEMBER} as "isMember",
         json_build_object('slug', o.slug, 'name', o.name) as organization, ${COUNTS} as counts
       from projects p join organizations o on o.id = p.organization_id
       where ${MAY_SEE} and (o.slug, p.slug) > (cast(:organization as text), cast(:project as text))
         and concat_ws(' ', o.slug || '/' || p.slug, o.name, p.name) ilike :pattern
       order by o.slug, p.slug limit :limit`,
      {
        user: userId,
        organization: after?.organization ?? '',
        project: after?.project ?? '',
        pattern: `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`,
        limit,
      },
    );
    return rows;
  }

  /** What there is to tell of a project. Whether it may be told is asked of {@link ProjectService}. */
  async about(projectId: string): Promise<ProjectAbout | undefined> {
    const { rows } = await this.db.raw<{ rows: ProjectAbout[] }>(
      `select p.description, p.country, p.access, ${COUNTS} as counts from projects p where p.id = ?`,
      [projectId],
    );
    return rows[0];
  }

  /** Another text after every change of the project's locations. */
  async locationsVersion(projectId: string): Promise<string> {
    const row = await this.db('project_counts').where({ project_id: projectId, entity: 'locations' }).first('version');
    return row?.version ?? '';
  }

  /**
   * The next locations behind a position, in the project's order: at most `limit`, and fewer where they are large; none only
   * where there are none.
   */
  async locations(projectId: string, after: number, limit: number): Promise<Located[]> {
    // Sizes as they are stored: these are known without reading the outlines themselves.
    const { rows } = await this.db.raw<{ rows: Located[] }>(
      `select position, geometry from (
         select position, geometry, sum(pg_column_size(geometry))
           over (order by position rows between unbounded preceding and 1 preceding) as before
         from (select position, geometry from spatial_units
               where project_id = ? and position > ? order by position limit ?) next
       ) sized where coalesce(before, 0) < ? order by position`,
      [projectId, after, limit, LOCATIONS_BYTES],
    );
    return rows;
  }
}
