/** Addresses of the platform API. */
import type { ProjectAddress } from '@parcelpost/shared/db/services/projects.js';
import { ENTITY_PATHS } from '@parcelpost/shared/records.js';
import { projectPath } from '@parcelpost/shared/tokens/scoped-token.js';

export const PROJECT_ROUTE = '/api/v1/organizations/:org/projects/:project/';
export const resourcesRoute = `${PROJECT_ROUTE}${ENTITY_PATHS.resources}`;

/** Where the file of a resource is read, if it is here: below the project's own path, so that its scoped token opens it. */
export const resourceFilePath = ({ organization, project }: ProjectAddress, id: string): string =>
  `${projectPath(organization, project)}${ENTITY_PATHS.resources}${encodeURIComponent(id)}/file`;
