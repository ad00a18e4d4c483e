/** What stands before every form of the pages: it came from a page of ours, and from whom it says. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problem } from '../problems.js';
import { refuseUnstorable } from '../validation.js';
import { pageContext, SignInNeeded } from './context.js';
import { CSRF_FIELD } from './csrf.js';

/**
 * Refuses forms of other sites, and forms without the token that their page has; a `preHandler` hook. Whoever is signed in
 * no longer, and so has a page whose token is worth nothing now, is sent to sign in.
 * @throws {ProblemError} 400 `bad-request`, 400 `invalid-parameter`, 403 `form-out-of-date`
 * @throws {SignInNeeded}
 */
export async function guardForm(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
  if (request.method !== 'POST') return;
  refuseForeignForm(request);
  refuseUnstorable(request.body);
  const { [CSRF_FIELD]: token } = (request.body ?? {}) as Record<string, unknown>;
  if (await request.server.pageContexts.formHolds(request, token)) return;
  const { user, path } = await pageContext(request);
  // Who is signed out already, in another tab, is where they want to be.
  if (!user && request.routeOptions.url === '/sign-out') return;
  if (!user && !OPEN_FORMS.has(request.routeOptions.url ?? '')) throw new SignInNeeded(path);
  throw problem(
    'form-out-of-date',
    'This page was opened too long ago, or before you signed in. Open it again, and try once more.',
  );
}

/** Forms of people who are not signed in. */
const OPEN_FORMS = new Set(['/sign-in', '/language']);

/** Browsers say where a form comes from. */
function refuseForeignForm(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  const { origin, host } = request.headers;
  const foreign =
    site !== undefined
      ? site !== 'same-origin' && site !== 'none'
      : origin !== undefined && originHost(origin) !== host;
  if (foreign) throw problem('bad-request', 'This form was sent from another site. Open the page here and try again.');
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
