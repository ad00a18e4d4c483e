/** The small map of a project: as an image, and as what scripts draw it from. */

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ProjectDirectory } from '@parcelpost/shared/db/services/project-directory.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { MapData } from '../../map/map-data.js';
import { type DrawnMap, ProjectMaps } from '../../map/project-maps.js';
import { signedInContext } from '../context.js';
import type { ReadProjects } from './read-projects.js';

/** For so long a request waits for a map that is being drawn, in milliseconds. */
const PATIENCE_MS = 8000;
/** When to ask again for one that takes longer, in seconds. */
const AGAIN_SECONDS = 2;
/** Stands in for a map that is being drawn. */
const BLANK = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360" viewBox="0 0 640 360"/>');

const expanded = promisify(gunzip);
const address = z.object({ org: z.string(), project: z.string() });

/** @returns what is known of maps at once, for the page */
export async function mapRoutes(
  scope: FastifyInstance,
  { directory, projects, log }: { directory: ProjectDirectory; projects: ReadProjects; log: Logger },
): Promise<{ known: (projectId: string) => Promise<MapData | undefined> }> {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const maps = new ProjectMaps(directory, log);
  scope.addHook('onClose', () => maps.stop());

  const mapOf = async (request: FastifyRequest<{ Params: z.output<typeof address> }>) => {
    const { user } = await signedInContext(request);
    const { id } = await projects.one(user, { organization: request.params.org, project: request.params.project });
    return id === undefined ? undefined : maps.of(id, PATIENCE_MS);
  };

  app.get('/projects/:org/:project/map.svg', { schema: { hide: true, params: address } }, async (request, reply) => {
    const map = await mapOf(request);
    if (!map) return reply.header('cache-control', 'no-store').type('image/svg+xml').send(BLANK);
    return sendCompressed(request, reply, { map, body: map.svg, type: 'image/svg+xml' });
  });

  app.get('/projects/:org/:project/map.json', { schema: { hide: true, params: address } }, async (request, reply) => {
    const map = await mapOf(request);
    if (!map) {
      return reply
        .code(202)
        .headers({ 'retry-after': String(AGAIN_SECONDS), 'cache-control': 'no-store' })
        .send({ state: 'drawing' });
    }
    return sendCompressed(request, reply, { map, body: map.json, type: 'application/json; charset=utf-8' });
  });

  return { known: async (projectId) => (await maps.of(projectId, 0))?.data };
}

/** Sends what is kept compressed; expanded to the few who do not take it so. */
async function sendCompressed(
  request: FastifyRequest,
  reply: FastifyReply,
  { map, body, type }: { map: DrawnMap; body: Buffer; type: string },
): Promise<FastifyReply> {
  const taken = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(String(request.headers['accept-encoding'] ?? ''));
  const etag = `"${map.hash}${taken ? '-gzip' : ''}"`;
  reply.headers({ 'cache-control': 'private, no-cache', vary: 'accept-encoding', etag });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  if (taken) reply.header('content-encoding', 'gzip');
  return reply.type(type).send(taken ? body : await expanded(body));
}
