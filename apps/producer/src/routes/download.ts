/** The bundle itself, whole or in part (RFC 9110, sections 13 and 14). One that an earlier try left is given until a later one has its own. */
import { UserService } from '@parcelpost/shared/db/services/users.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Identifier } from '../actions/identify.js';
import { ReadBundles } from '../actions/read-bundles.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { sendFile } from './send-file.js';

const ZIP = { 'application/zip': { schema: z.any().meta({ type: 'string', format: 'binary' }) } };

export async function downloadRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db, storage } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const identify = new Identifier(new UserService(db), config.AUTH_SECRET);
  const bundles = new ReadBundles(dependencies);
  const sealScope = refuseOtherMethods(scope);

  /** A link in a page carries the session's cookie; a program carries a Bearer token. */
  const caller = async (request: FastifyRequest) =>
    (request.headers.authorization === undefined ? (await scope.pageContexts.sessions.of(request))?.user : undefined) ??
    identify.bearer(request);

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/exports/:id/download',
    schema: {
      summary: 'The bundle: a zip, whole or in part',
      tags: ['exports'],
      security: [{ bearer: [] }],
      params: z.object({ id: z.string() }),
      response: {
        200: { description: 'The whole bundle', content: ZIP },
        304: z.null().describe('The reader has this version'),
        206: { description: 'The range that was asked for', content: ZIP },
      },
    },
    handler: async (request, reply) => {
      const user = await caller(request);
      return sendFile(request, reply, storage, await bundles.downloadable(request.params.id, user));
    },
  });
  sealScope();
}
