/** To whom a file belongs. */
import type { ProjectAddress } from '../db/services/projects.js';

/** `id` of a user is the user's, of a project `<organization>/<project>`, of a record that with `/<id>`; slugs hold no slash. */
export interface FileOwner {
  readonly kind: 'user' | 'project' | 'record';
  readonly id: string;
}

export const userOwner = (userId: string): FileOwner => ({ kind: 'user', id: userId });

export const projectOwner = ({ organization, project }: ProjectAddress): FileOwner => ({
  kind: 'project',
  id: `${organization}/${project}`,
});

/** A record of a project, such as a resource. */
export const recordOwner = ({ organization, project }: ProjectAddress, recordId: string): FileOwner => ({
  kind: 'record',
  id: `${organization}/${project}/${recordId}`,
});

export const isSameOwner = (one: FileOwner, other: FileOwner): boolean =>
  one.kind === other.kind && one.id === other.id;

/** The project that owns a file, or whose record does; undefined for a user's. */
export function projectOf({ kind, id }: FileOwner): ProjectAddress | undefined {
  const [organization, project] = id.split('/');
  return kind === 'user' || organization === undefined || project === undefined ? undefined : { organization, project };
}
