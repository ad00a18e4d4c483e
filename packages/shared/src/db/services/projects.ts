/** Projects, and who may do what with them. */
import type { Connection } from '../database.js';

/**
 * SQL for "user `:user` is a member of project `p`": of the project itself, or of its whole organization; in any role.
 * Written once, so that every query that decides on permission decides alike.
 */
export const IS_MEMBER = `exists (
  select from memberships m
  where m.user_id = cast(:user as uuid) and m.organization_id = p.organization_id
    and (m.project_id is null or m.project_id = p.id))`;

/** SQL for "user `:user` administers project `p`": it alone, or its whole organization. */
const IS_ADMINISTRATOR = `exists (
  select from memberships m
  where m.user_id = cast(:user as uuid) and m.organization_id = p.organization_id
    and (m.project_id is null or m.project_id = p.id) and m.role = 'administrator')`;

/** SQL for "user `:user` may export project `p`": its members; one that is archived, who administers it. */
const MAY_EXPORT = `(case when p.archived then ${IS_ADMINISTRATOR} else ${IS_MEMBER} end)`;

/** SQL for "user `:user` may add to the data of project `p`": who collects or manages it; whoever only uses it may not. */
const IS_COLLECTOR = `exists (
  select from memberships m
  where m.user_id = cast(:user as uuid) and m.organization_id = p.organization_id
    and (m.project_id is null or m.project_id = p.id)
    and m.role in ('administrator', 'project_manager', 'data_collector'))`;

/** SQL for "user `:user` may see project `p`": a public one every user may see, a private one its members. */
export const MAY_SEE = `(${IS_MEMBER} or (
  p.access = 'public' and exists (select from users u where u.id = cast(:user as uuid))))`;

/** A project as one user stands to it. */
export interface ProjectAccess {
  id: string;
  slug: string;
  name: string;
  organization: { slug: string; name: string };
  /** It can be seen as before; nothing is added to its data any more. */
  archived: boolean;
  /** May read the project and its records. */
  maySee: boolean;
  /** Is a member, in any role: may see the exports made of it. */
  isMember: boolean;
  /** May export it: its members may, in any role; once it is archived, only who administers it. */
  mayExport: boolean;
  /** May cancel and try again what other members export. */
  mayAdminister: boolean;
  /** May add resources, unless it is archived. */
  mayAddTo: boolean;
}

/** A project as addresses have it. */
export interface ProjectAddress {
  organization: string;
  project: string;
}

/** The rows of `projects`, seen through what a user may do. */
export class ProjectService {
  constructor(readonly db: Connection) {}

  /** What a user may do with a project; undefined if there is no such project. */
  async access(organization: string, project: string, userId: string): Promise<ProjectAccess | undefined> {
    const [access] = await this.accessAll([{ organization, project }], userId);
    return access;
  }

  /**
   * What a user may do with each of several projects, in one query.
   * @returns in the same order; undefined where there is no such project
   */
  async accessAll(projects: readonly ProjectAddress[], userId: string): Promise<(ProjectAccess | undefined)[]> {
    const { rows } = await this.db.raw<{ rows: (ProjectAccess & { asked: number })[] }>(
      `select cast(w.asked as int) as asked, p.id, p.slug, p.name,
         json_build_object('slug', o.slug, 'name', o.name) as organization,
         ${MAY_SEE} as "maySee", ${IS_MEMBER} as "isMember", ${MAY_EXPORT} as "mayExport",
         p.archived, ${IS_ADMINISTRATOR} as "mayAdminister",
         ${IS_COLLECTOR} as "mayAddTo"
       from unnest(cast(:organizations as text[]), cast(:projects as text[]))
         with ordinality as w (organization, project, asked)
       join organizations o on o.slug = w.organization
       join projects p on p.organization_id = o.id and p.slug = w.project`,
      {
        organizations: projects.map(({ organization }) => organization),
        projects: projects.map(({ project }) => project),
        user: userId,
      },
    );
    const found = new Map(rows.map(({ asked, ...access }) => [asked, access]));
    return projects.map((_, index) => found.get(index + 1));
  }

  /** Whether there is any project to which a user may add. */
  async mayAddAnywhere(userId: string): Promise<boolean> {
    const { rows } = await this.db.raw<{ rows: { may: boolean }[] }>(
      `select exists (select from projects p where not p.archived and ${IS_COLLECTOR}) as may`,
      { user: userId },
    );
    return rows[0]?.may ?? false;
  }

  /**
   * The projects that a user may export, by organization and slug.
   * @param limit most projects answered
   */
  async exportable(userId: string, limit: number): Promise<Pick<ProjectAccess, 'slug' | 'name' | 'organization'>[]> {
    const { rows } = await this.db.raw(
      `select p.slug, p.name, json_build_object('slug', o.slug, 'name', o.name) as organization
       from projects p join organizations o on o.id = p.organization_id
       where ${MAY_EXPORT} order by o.slug, p.slug limit :limit`,
      { user: userId, limit },
    );
    return rows;
  }
}
