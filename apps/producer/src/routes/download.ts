/** The bundle itself, whole or in part (RFC 9110, sections 13 and 14). One that an earlier try left is given until a later one has its own. */

import { stateOf } from '@parcelpost/shared/db/services/exports.js';
import type { FileRow } from '@parcelpost/shared/db/services/files.js';
import { UserService } from '@parcelpost/shared/db/services/users.js';
import contentDisposition from 'content-disposition';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Identifier } from '../actions/identify.js';
import { ReadExports } from '../actions/read-exports.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { problem } from '../problems.js';
import { chooseRange, isUnchanged } from './conditional.js';

const ZIP = { 'application/zip': { schema: z.any().meta({ type: 'string', format: 'binary' }) } };

export async function downloadRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db, storage } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const identify = new Identifier(new UserService(db), config.AUTH_SECRET);
  const read = new ReadExports(dependencies);
  const sealScope = refuseOtherMethods(scope);

  /** A link in a page carries the session's cookie; a program carries a Bearer token. */
  const caller = async (request: FastifyRequest) =>
    (request.headers.authorization === undefined ? await identify.session(request) : undefined) ??
    identify.bearer(request);

  /** The file that a caller may have now. @throws {ProblemError} 404, 409 or 410 */
  async function fileOf(request: FastifyRequest, id: string): Promise<FileRow> {
    const row = await read.one(id, await caller(request));
    const { file, fileThere } = await read.file(row);
    if (file && fileThere) return file;
    const state = stateOf(row);
    if (state === 'waiting' || state === 'running') {
      throw problem('export-unfinished', `The export is ${state}; there is nothing to download yet.`);
    }
    if (file) throw problem('export-expired', 'The files of this export have expired. Ask for a new one.');
    throw problem('export-without-file', `The export is ${state}; it left no file. Its state says why.`);
  }

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
      const file = await fileOf(request, request.params.id);
      const validators = { etag: `"${file.sha256}"`, modified: file.createdAt };
      reply.headers({
        etag: validators.etag,
        'last-modified': file.createdAt.toUTCString(),
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-cache',
      });
      if (isUnchanged(request.headers, validators)) return reply.code(304).send(null);

      const range = chooseRange(request.headers, validators, file.bytes);
      if (range === 'unsatisfiable') {
        throw problem('range-not-satisfiable', `The file has ${file.bytes} bytes; the range lies outside them.`, {
          headers: { 'content-range': `bytes */${file.bytes}` },
        });
      }
      const stored = await storage.stat(file.storageKey);
      if (stored?.bytes !== file.bytes) {
        throw new Error(
          `the bundle of export ${file.exportId} has ${stored?.bytes ?? 'no'} bytes in storage, not ${file.bytes}`,
        );
      }
      reply.headers({
        'content-type': file.mediaType,
        'content-disposition': contentDisposition(file.name),
        'content-length': String(range ? range.end - range.start + 1 : file.bytes),
      });
      if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`);
      if (request.method === 'HEAD') return reply.send();
      return reply.send(storage.read(file.storageKey, range));
    },
  });
  sealScope();
}
