/** What another platform needs to take scoped tokens: the public keys, and whether a token is still good. */
import { ScopedTokenService } from '@parcelpost/shared/db/services/scoped-tokens.js';
import { publicJwks } from '@parcelpost/shared/tokens/token-keys.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { problem } from '../problems.js';

/** A new key is put behind the one that signs at least so long before it signs itself. */
const KEYS_CACHED_SECONDS = 300;
/** As long as our own guard believes an answer. */
const STANDING_CACHED_SECONDS = 3;

const jwk = z.looseObject({
  kty: z.enum(['RSA', 'EC']),
  kid: z.string(),
  alg: z.enum(['RS256', 'ES256']),
  use: z.literal('sig'),
});

/** Whoever asks for a token knows its id, which nobody can guess; they learn nothing else of it. */
export async function tokenRoutes(scope: FastifyInstance, { db, config }: Dependencies): Promise<void> {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const tokens = new ScopedTokenService(db);
  const jwks = Buffer.from(JSON.stringify(publicJwks(config.TOKEN_KEYS)));
  const sealScope = refuseOtherMethods(scope);
  const tags = ['tokens'];

  app.get(
    '/.well-known/jwks.json',
    {
      schema: {
        summary: 'Public keys that scoped tokens are verified with (RFC 7517)',
        tags,
        response: { 200: z.object({ keys: z.array(jwk) }) },
      },
    },
    async (_request, reply) =>
      reply
        .header('cache-control', `public, max-age=${KEYS_CACHED_SECONDS}`)
        .type('application/jwk-set+json')
        .send(jwks as never),
  );

  app.get(
    '/api/v1/tokens/:jti',
    {
      schema: {
        summary: 'Whether a scoped token is still good',
        tags,
        params: z.object({ jti: z.string().describe('Id of the token, its claim `jti`') }),
        response: {
          200: z.object({
            active: z.boolean().describe('True while the export that it was minted for runs'),
            exp: z.int().describe('When it expires, in seconds since 1970'),
          }),
        },
      },
    },
    async (request, reply) => {
      const token = await tokens.find(request.params.jti);
      if (!token)
        throw problem('token-not-known', 'No token of this id was minted for an export here, or it is long over.');
      const active = token.standing === 'good' && token.expiresAt.getTime() > Date.now();
      reply.header('cache-control', `private, max-age=${STANDING_CACHED_SECONDS}`);
      return { active, exp: Math.floor(token.expiresAt.getTime() / 1000) };
    },
  );
  sealScope();
}
