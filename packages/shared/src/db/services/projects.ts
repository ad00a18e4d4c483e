/** Projects, and who may do what with them. */
import type { Connection } from '../database.js';

/**
 * SQL for "user `:user` is a member of project `p`": of the project itself, or of its whole organization; in any role.
 * Written once, so that every query that decides on permission decides alike.
 */
const IS_MEMBER = `exists (
  select from memberships m
  where m.user_id = cast(:user as uuid) and m.organization_id = p.organization_id
    and (m.project_id is null or m.project_id = p.id))`;

/** SQL for "user `:user` may see project `p`": a public one every user may see, a private one its members. */
export const MAY_SEE = `(${IS_MEMBER} or (
  p.access = 'public' and exists (select from users u where u.id = cast(:user as uuid))))`;

/** A project as one user stands to it. */
export interface ProjectAccess {
  slug: string;
  name: string;
  organization: { slug: string; name: string };
  /** May read the project and its records. */
  maySee: boolean;
  /** May export it, and see the exports made of it: its members may, in any role. */
  mayExport: boolean;
}

/** The rows of `projects`, seen through what a user may do. */
export class ProjectService {
  constructor(readonly db: Connection) {}

  /** What a user may do with a project; undefined if there is no such project. */
  async access(organization: string, project: string, userId: string): Promise<ProjectAccess | undefined> {
    const { rows } = await this.db.raw<{ rows: ProjectAccess[] }>(
      `select p.slug, p.name, json_build_object('slug', o.slug, 'name', o.name) as organization,
         ${MAY_SEE} as "maySee", ${IS_MEMBER} as "mayExport"
       from projects p join organizations o on o.id = p.organization_id
       where o.slug = :organization and p.slug = :project`,
      { organization, project, user: userId },
    );
    return rows[0];
  }

  /**
   * The projects that a user may export, by organization and slug.
   * @param limit most projects answered
   */
  async exportable(userId: string, limit: number): Promise<Pick<ProjectAccess, 'slug' | 'name' | 'organization'>[]> {
    const { rows } = await this.db.raw(
      `select p.slug, p.name, json_build_object('slug', o.slug, 'name', o.name) as organization
       from projects p join organizations o on o.id = p.organization_id
       where ${IS_MEMBER} order by o.slug, p.slug limit :limit`,
      { user: userId, limit },
    );
    return rows;
  }
}
