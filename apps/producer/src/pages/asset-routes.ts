import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refuseOtherMethods } from '../methods.js';
import { problem } from '../problems.js';
import { assetOf } from './assets.js';

/** Serves the assets. They are the same for everybody, and pages of others may load them. */
export async function assetRoutes(scope: FastifyInstance): Promise<void> {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const sealScope = refuseOtherMethods(scope);
  app.get(
    '/assets/:name',
    { schema: { hide: true, params: z.object({ name: z.string() }) } },
    async (request, reply) => {
      const { name } = request.params;
      const asset = assetOf(name);
      if (!asset)
        throw problem('not-found', 'There is no such asset; a newer version of this service may have others.');
      const { body, coding } = asset.encoded(request.headers['accept-encoding']);
      const etag = `"${asset.hashed}${coding ? `-${coding}` : ''}"`;
      reply.headers({
        'cache-control': name === asset.hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
        vary: 'accept-encoding',
        etag,
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
      });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      if (coding) reply.header('content-encoding', coding);
      return reply.type(asset.type).send(body);
    },
  );
  sealScope();
}
