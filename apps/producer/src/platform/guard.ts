/** The guard of scoped tokens as a Fastify plugin: of this service's platform API, and of any other's. */
import { type Guard, guardRequest } from '@parcelpost/shared/tokens/guard.js';
import type { ScopedClaims } from '@parcelpost/shared/tokens/scoped-token.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the scoped token of a read says; set by the guard. */
    scoped: ScopedClaims | null;
  }
}

/**
 * Lets no request of the scope that it is registered in, and of those below, past a guard (`createGuard`), before a body is
 * read. What the token says is in `request.scoped`; from then on the request's log lines bear the token's id and recipient.
 * A refusal is thrown as a ProblemError, whose status and headers Fastify's own error handler answers with too.
 *
 * ```ts
 * await app.register(scopedTokenGuard, { guard: createGuard({ keys }) });
 * ```
 */
export const scopedTokenGuard = fastifyPlugin(
  async (scope: FastifyInstance, { guard }: { guard: Guard }) => {
    scope.decorateRequest('scoped', null);
    scope.addHook('onRequest', async (request) => {
      const claims = await guardRequest(guard, request.raw);
      request.scoped = claims;
      request.log = request.log.child({ tokenId: claims.jti, recipient: claims.recipient ?? claims.aud });
    });
  },
  { name: 'scoped-token-guard', fastify: '5.x' },
);

/** What the token of a request says that the guard has let past. @throws {Error} where no guard stood before it */
export function scopedClaims(request: FastifyRequest): ScopedClaims {
  if (!request.scoped) throw new Error('no guard of scoped tokens stands before this route');
  return request.scoped;
}
