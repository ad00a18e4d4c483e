/** The bundle itself, whole or in part (RFC 9110, sections 13 and 14). One that an earlier try left is given until a later one has its own. */
import { RemovalService } from '@parcelpost/shared/db/services/removals.js';
import { UserService } from '@parcelpost/shared/db/services/users.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Identifier } from '../actions/identify.js';
import { ReadBundles } from '../actions/read-bundles.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { noteReading } from './note-reading.js';
import { NotInStorageError, sendFile } from './send-file.js';

const ZIP = { 'application/zip': { schema: z.any().meta({ type: 'string', format: 'binary' }) } };

export async function downloadRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db, log, storage } = dependencies;
  const removals = new RemovalService(db);
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
      const { id } = request.params;
      const file = await bundles.downloadable(id, user);
      try {
        return await sendFile(request, reply, storage, file, (stream) =>
          noteReading(stream, file.id, { removals, log }),
        );
      } catch (error) {
        // It may have been removed in this very moment: then there is nothing wrong but its time.
        if (error instanceof NotInStorageError) await bundles.downloadable(id, user);
        throw error;
      }
    },
  });
  sealScope();
}
