/** Which pages of other sites may use the API from a browser (Fetch standard, CORS protocol): those of `CORS_ORIGINS`, with a token. */
import { splitTarget } from '@parcelpost/shared/tokens/raw-path.js';
import type { FastifyInstance } from 'fastify';

const API = '/api/v1/';
/** Browsers may keep the answer to a preflight for so long; those of today keep none longer than two hours. */
const MAX_AGE_SECONDS = 600;

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
  'access-control-allow-headers':
    'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Last-Event-ID, Range',
  'access-control-max-age': String(MAX_AGE_SECONDS),
};
/** What scripts may read of an answer beside what they always may. */
const EXPOSED =
  'Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Location, Retry-After, WWW-Authenticate';

/**
 * Lets pages of these origins call the API. Cookies are not among what they may send: a page of another site acts with a token
 * that it holds, never with the session that somebody has here. Everybody else's browser is told nothing, and refuses for itself.
 * @param origins exactly as browsers send them: scheme, host, and a port that is not the scheme's own
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  app.addHook('onRequest', async (request, reply) => {
    if (!splitTarget(request.raw.url ?? '').path.startsWith(API)) return;
    reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return;
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED });
    const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (preflight) return reply.code(204).headers(PREFLIGHT).send();
  });
}
