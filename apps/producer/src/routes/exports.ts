/** Routes of exports: asking for one, its state, its events, cancelling it, trying it again. */
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { KEY_HOURS } from '@parcelpost/shared/db/services/idempotency-keys.js';
import { type UserRow, UserService } from '@parcelpost/shared/db/services/users.js';
import { exportRequestSchemaOf, withinLimits } from '@parcelpost/shared/export-request.js';
import { signaturesSchema } from '@parcelpost/shared/signatures/schema.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exportActions } from '../actions/export-actions.js';
import { exportDetailView, exportView, requestedView, viewExport, viewFollowUp } from '../actions/export-view.js';
import { Identifier } from '../actions/identify.js';
import { waitsFor } from '../actions/look-at-exports.js';
import { ReadExports } from '../actions/read-exports.js';
import type { Dependencies } from '../dependencies.js';
import type { Live } from '../live.js';
import { refuseOtherMethods } from '../methods.js';
import { API_STREAM } from './event-stream.js';
import { idempotencyKey, refuseKey } from './idempotency-key.js';

const id = z.object({ id: z.string() });
const security = [{ bearer: [] }];
const tags = ['exports'];

const idempotencyHeader = z
  .string()
  .optional()
  .describe(
    `A String of structured fields (RFC 9651), one for each request: a repeat with the same key within ${KEY_HOURS} hours ` +
      'is answered with the same export (draft-ietf-httpapi-idempotency-key-header)',
  );

const retryBody = z
  .strictObject({ apiToken: z.string().min(1).max(8192).optional() })
  .nullish()
  .describe('Needed where another platform holds the project; next exports are read with this token too');

const renewBody = withinLimits(
  z
    .strictObject({
      onSuccess: signaturesSchema
        .prefault([])
        .describe('As in a request; what followed the export before it is not repeated'),
      onFailure: signaturesSchema.prefault([]),
      apiToken: z.string().min(1).max(8192).optional().describe('Needed where another platform holds the project'),
    })
    .nullish(),
);

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

export async function exportRoutes(scope: FastifyInstance, dependencies: Dependencies & { live: Live }): Promise<void> {
  const { config, db, live, pipeline } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const identify = new Identifier(new UserService(db), config.AUTH_SECRET);
  const read = new ReadExports(dependencies);
  const { request, change, renew } = exportActions(dependencies, read);
  const sealScope = refuseOtherMethods(scope);

  const detailOf = async (row: ExportRow, user: UserRow) => {
    const detail = await read.detail(row, user);
    const { placeInQueue, followUps, steps } = detail;
    const away = detail.state === 'waiting' && (await live.queue.isAway());
    return {
      ...viewExport(detail, config.PUBLIC_URL),
      placeInQueue,
      steps,
      waitsFor: detail.state === 'waiting' ? waitsFor({ waitsForTurn: detail.row.waitingSince !== null }, away) : null,
      followUps: followUps.map(viewFollowUp),
    };
  };

  app.post(
    '/api/v1/organizations/:org/projects/:project/exports',
    {
      onRequest: identify.guard,
      schema: {
        summary: 'Ask for an export of a project',
        tags,
        security,
        params: z.object({ org: z.string(), project: z.string() }),
        headers: z.looseObject({ 'idempotency-key': idempotencyHeader }),
        body: exportRequestSchemaOf(pipeline.formats),
        response: { 202: requestedView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      const { org: organization, project } = http.params;
      const key = idempotencyKey(http.headers['idempotency-key']);
      const { exportId, kind, joined } = await request.run(user, { organization, project, body: http.body, key });
      http.log.info({ exportId, organization, project, user: user.id, kind }, 'export requested');
      const view = await detailOf(await read.one(exportId, user), user);
      return reply
        .code(202)
        .header('location', `/api/v1/exports/${exportId}`)
        .send({ ...view, joined });
    },
  );

  app.get(
    '/api/v1/exports',
    {
      onRequest: identify.guard,
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
      onRequest: identify.guard,
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
      return detailOf(await read.one(http.params.id, user), user);
    },
  );

  app.delete(
    '/api/v1/exports/:id',
    {
      onRequest: identify.guard,
      schema: {
        summary: 'Cancel an export: running work stops, and onFailure is called with the code `cancelled`',
        tags,
        security,
        params: id,
        response: { 202: exportDetailView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      const row = await change.cancel(http.params.id, user);
      http.log.info({ exportId: row.id, user: user.id }, 'export cancelled');
      return reply.code(202).send(await detailOf(row, user));
    },
  );

  app.post(
    '/api/v1/exports/:id/retry',
    {
      onRequest: identify.guard,
      schema: {
        summary:
          'Try an export again that failed, was cancelled, or is partial; parts that are still right are taken over',
        tags,
        security,
        params: id,
        body: retryBody,
        response: { 202: exportDetailView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      refuseKey(http.headers['idempotency-key']);
      const row = await change.retry(http.params.id, user, http.body?.apiToken);
      http.log.info({ exportId: row.id, generation: row.generation, user: user.id }, 'export tried again');
      return reply
        .code(202)
        .header('location', `/api/v1/exports/${row.id}`)
        .send(await detailOf(row, user));
    },
  );

  app.post(
    '/api/v1/exports/:id/renew',
    {
      onRequest: identify.guard,
      schema: {
        summary:
          'Make the files of a completed export anew with the present version of the software: an export of its own, one at a time however many ask',
        tags,
        security,
        params: id,
        body: renewBody,
        response: { 202: requestedView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      refuseKey(http.headers['idempotency-key']);
      const wanted = http.body ?? { onSuccess: [], onFailure: [], apiToken: undefined };
      const { exportId, joined } = await renew.run(http.params.id, user, wanted);
      http.log.info({ exportId, renews: http.params.id, user: user.id, joined }, 'export renewed');
      const view = await detailOf(await read.one(exportId, user), user);
      return reply
        .code(202)
        .header('location', `/api/v1/exports/${exportId}`)
        .send({ ...view, joined });
    },
  );

  app.get(
    '/api/v1/exports/:id/events',
    {
      // A stream without a body would be held open for nothing.
      exposeHeadRoute: false,
      onRequest: identify.guard,
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
      live.streams.open(row.id, user.id, API_STREAM, reply);
    },
  );
  sealScope();
}
