import { ExportError } from '../errors.js';

/** Where the project lives on the platform: no request with its token ever leaves this. */
export interface ProjectAddress {
  /** Scheme, host and port, as in `URL.origin`. */
  origin: string;
  /** Path of the project itself, with a slash at its end. */
  path: string;
}

/**
 * The address of a project below the platform's, `<apiUrl>/api/v1/organizations/:org/projects/:project/`.
 * Throws {@link ExportError} `bad-project-name` for slugs that would lead elsewhere.
 */
export function projectAddress(apiUrl: string, organization: string, project: string): ProjectAddress {
  const url = new URL(apiUrl);
  const [org, name] = [segment(organization, 'organization'), segment(project, 'project')];
  const prefix = url.pathname.replace(/\/+$/, '');
  return { origin: url.origin, path: `${prefix}/api/v1/organizations/${org}/projects/${name}/` };
}

function segment(slug: string, what: string): string {
  if (slug === '' || slug === '.' || slug === '..') {
    throw new ExportError('bad-project-name', `"${slug}" cannot be the name of ${what} in an address.`, true);
  }
  return encodeURIComponent(slug);
}

/** What may follow the project's path in a link: no escapes, so nothing that a server could decode into `..` or `/`. */
const PLAIN_PATH = /^[\w./-]*$/;

/**
 * Reads a `next` link, which may be relative to `page`, the path of the answer that holds it.
 * Throws {@link ExportError} `foreign-link` if it leads to another scheme, host or port, or out of the project: following
 * it would hand the project's token to whoever wrote the link. The link's query stays out of the message, and so does our
 * own address of the platform, which may be one inside the house.
 */
export function checkedNext(next: string, page: string, project: ProjectAddress): URL {
  let url: URL;
  try {
    url = new URL(next, new URL(page, project.origin));
  } catch {
    throw foreign('is not a URL', page, project);
  }
  if (url.origin !== project.origin) throw foreign(`leads to ${url.protocol}//${url.host}`, page, project);
  if (url.username !== '' || url.password !== '') throw foreign('bears a user name or password', page, project);
  if (!url.pathname.startsWith(project.path) || !PLAIN_PATH.test(url.pathname.slice(project.path.length))) {
    throw foreign(`leads to ${url.pathname}`, page, project);
  }
  return url;
}

function foreign(what: string, page: string, project: ProjectAddress): ExportError {
  return new ExportError(
    'foreign-link',
    `The "next" link in the platform's answer to GET ${page} ${what}, and not to a page of ${project.path} at the address that was asked; it was not followed, ` +
      'since the token must not leave the project. The platform has to answer links to its own address (check its host and proxy settings), ' +
      'or PLATFORM_API_URL has to be the address that it gives.',
    true,
  );
}
