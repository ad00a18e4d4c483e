/** Routes of exports: asking for one, its state, its events. */
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { ProjectService } from '@parcelpost/shared/db/services/projects.js';
import { UserService } from '@parcelpost/shared/db/services/users.js';
import { exportRequestSchema } from '@parcelpost/shared/export-request.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exportDetailView, exportView, viewExport, viewFollowUp } from '../actions/export-view.js';
import { Identifier } from '../actions/identify.js';
import { ProgressHub } from '../actions/progress-hub.js';
import { ReadExports } from '../actions/read-exports.js';
import { RequestExport } from '../actions/request-export.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { EventStreams } from './event-stream.js';

const id = z.object({ id: z.string() });
const security = [{ bearer: [] }];
const tags = ['exports'];

const recentQuery = z
  .object({
    organization: z.string().optional(),
    project: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  })
  .refine((query) => (query.organization === undefined) === (query.project === undefined), {
    path: ['project'],
    message: 'give organization and project, or neither',
  });

export async function exportRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db, log, onDecided } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const exports = new ExportService(db);
  const identify = new Identifier(new UserService(db), config.AUTH_SECRET);
  const read = new ReadExports(dependencies);
  const request = new RequestExport(dependencies, new ProjectService(db), exports);
  const hub = new ProgressHub((ids) => exports.progress(ids), log);
  onDecided((id) => void hub.hear(id));
  const streams = new EventStreams(hub);
  const sealScope = refuseOtherMethods(scope);
  scope.addHook('preClose', async () => streams.endAll());

  const detailOf = async (row: Awaited<ReturnType<ReadExports['one']>>) => {
    const detail = await read.detail(row);
    return { ...viewExport(detail, config.PUBLIC_URL), followUps: detail.followUps.map(viewFollowUp) };
  };

  app.post(
    '/api/v1/organizations/:org/projects/:project/exports',
    {
      schema: {
        summary: 'Ask for an export of a project',
        tags,
        security,
        params: z.object({ org: z.string(), project: z.string() }),
        body: exportRequestSchema,
        response: { 202: exportDetailView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      const { org, project } = http.params;
      const exportId = await request.run(user, { organization: org, project, body: http.body });
      http.log.info({ exportId, organization: org, project, user: user.id }, 'export requested');
      const view = await detailOf(await read.one(exportId, user));
      return reply.code(202).header('location', `/api/v1/exports/${exportId}`).send(view);
    },
  );

  app.get(
    '/api/v1/exports',
    {
      schema: {
        summary: 'Recent exports: of one project, or your own',
        tags,
        security,
        querystring: recentQuery,
        response: { 200: z.object({ results: z.array(exportView) }) },
      },
    },
    async (http) => {
      const user = await identify.bearer(http);
      const { organization, project, limit } = http.query;
      const which = organization !== undefined && project !== undefined ? { organization, project } : undefined;
      const recent = await read.recent(user, which, limit);
      return { results: recent.map((detail) => viewExport(detail, config.PUBLIC_URL)) };
    },
  );

  app.get(
    '/api/v1/exports/:id',
    {
      schema: {
        summary: 'State, progress, result and follow-ups of an export',
        tags,
        security,
        params: id,
        response: { 200: exportDetailView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      reply.header('cache-control', 'private, no-store');
      return detailOf(await read.one(http.params.id, user));
    },
  );

  app.get(
    '/api/v1/exports/:id/events',
    {
      schema: {
        summary: 'Server-sent events: `progress` while it runs, one `end` with the final state',
        tags,
        security,
        params: id,
        response: { 200: { description: 'The events', content: { 'text/event-stream': { schema: z.string() } } } },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      const row = await read.one(http.params.id, user);
      streams.open(row.id, reply);
    },
  );
  sealScope();
}
