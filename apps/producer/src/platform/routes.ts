/** The platform API: a project and its records, read with scoped tokens. */

import { ResourceService } from '@parcelpost/shared/db/services/resources.js';
import { ScopedTokenService } from '@parcelpost/shared/db/services/scoped-tokens.js';
import { SnapshotService } from '@parcelpost/shared/db/services/snapshots.js';
import { ENTITIES, ENTITY_PATHS, type Entity } from '@parcelpost/shared/records.js';
import { createGuard } from '@parcelpost/shared/tokens/guard.js';
import { splitTarget } from '@parcelpost/shared/tokens/raw-path.js';
import { TokenStandings } from '@parcelpost/shared/tokens/standings.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { problem } from '../problems.js';
import { sendFile } from '../routes/send-file.js';
import { decodeCursor, LAST_POSITION } from './cursor.js';
import { linkBase, listEnvelope, pageLinks } from './envelope.js';
import { scopedClaims, scopedTokenGuard } from './guard.js';
import { PROJECT_ROUTE, resourcesRoute } from './paths.js';
import { PlatformReader, type Reading } from './reader.js';
import { listAnswer, projectAnswer } from './shapes.js';
import { projectInNewSnapshot } from './snapshots.js';

const params = z.object({ org: z.string(), project: z.string() });
const token = z.string().optional().describe('The scoped token, where no Authorization header can be sent');

const projectQuery = z.object({
  shard_size: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe('Also answer the cursors at which shards of so many records begin'),
  snapshot: z
    .union([z.literal('new'), z.uuid()])
    .optional()
    .describe(
      'new: open a consistent view of the project for this token, or find the one it has, and answer in it; `snapshot` of the answer names it, or is null where none is to be had. Or the id of one',
    ),
  TOKEN: token,
});

const listQuery = z
  .object({
    limit: z.coerce.number().int().min(1).max(10_000).default(100).describe('Records of a page'),
    offset: z.coerce.number().int().min(0).max(1_000_000_000).optional().describe('Records to pass over'),
    cursor: z
      .string()
      .refine((text) => decodeCursor(text) !== undefined, 'is not a cursor that this service gave out')
      .optional()
      .describe('Where the page begins; empty: at the first record. Take the next one from `next`'),
    until: z
      .string()
      .refine((text) => text !== '' && decodeCursor(text) !== undefined, 'is not a cursor that this service gave out')
      .optional()
      .describe(
        'Where the list ends for this reader: a cursor, such as the one at which the next shard begins. No record that a page at that cursor would hold is answered, and `next` leads on up to there alone, bearing `until`; `count` stays that of the whole list. Shards read so hold each record once, whatever is added or removed meanwhile',
      ),
    snapshot: z
      .uuid()
      .optional()
      .describe(
        'Answer in this consistent view, that the project gave out: whatever is changed meanwhile, all pages are of one moment. It is held open for a limited time; then the answer is 410, snapshot-gone',
      ),
    TOKEN: token,
  })
  .refine((query) => query.offset === undefined || query.cursor === undefined, {
    path: ['offset'],
    message: 'give either cursor or offset, not both',
  });

/** Registers the platform API. */
export async function platformRoutes(
  scope: FastifyInstance,
  { db, config, storage, onDecided, snapshots }: Dependencies,
): Promise<void> {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const reader = new PlatformReader(db, new SnapshotService(db));
  const resources = new ResourceService();
  const sealScope = refuseOtherMethods(scope, { [resourcesRoute]: ['POST'] });

  const tokens = new ScopedTokenService(db);
  const standings = new TokenStandings((jti) => tokens.find(jti));
  onDecided((exportId) => standings.forget(exportId));
  const guard = createGuard({ keys: config.TOKEN_KEYS, standing: ({ jti }) => standings.of(jti) });
  await scope.register(scopedTokenGuard, { guard });

  const reading = (request: FastifyRequest, { org, project }: z.output<typeof params>, snapshot?: string): Reading => {
    const { sub, jti } = scopedClaims(request);
    return { organization: org, project, userId: sub, jti, snapshot };
  };
  const security = [{ scopedToken: [] }];

  app.get(
    PROJECT_ROUTE,
    {
      schema: {
        summary: 'The project itself',
        tags: ['platform'],
        security,
        params,
        querystring: projectQuery,
        response: { 200: projectAnswer },
      },
    },
    async (request, reply) => {
      const { shard_size: shardSize, snapshot } = request.query;
      const body =
        snapshot === 'new'
          ? await projectInNewSnapshot(reader, snapshots, reading(request, request.params), shardSize)
          : await reader.project(reading(request, request.params, snapshot), shardSize);
      return reply.headers(JSON_PRIVATE).send(body as never);
    },
  );

  for (const entity of ENTITIES) {
    app.get(
      `${PROJECT_ROUTE}${ENTITY_PATHS[entity]}`,
      {
        schema: {
          summary: `The project's ${entity}, page by page`,
          tags: ['platform'],
          security,
          params,
          querystring: listQuery,
          response: { 200: listAnswer[entity as Entity] },
        },
      },
      async (request, reply) => {
        const { limit, offset, cursor, until: end, snapshot } = request.query;
        const after = decodeCursor(cursor ?? '');
        const until = end === undefined ? LAST_POSITION : decodeCursor(end);
        if (after === undefined || until === undefined)
          throw problem('invalid-parameter', 'cursor, until: is not a cursor that this service gave out');
        const page = await reader.page(entity, reading(request, request.params, snapshot), {
          after,
          until,
          skip: offset ?? 0,
          size: limit,
          resources: `${linkBase(request.headers.host, config.PUBLIC_URL)}${splitTarget(request.raw.url ?? '').path}`,
        });
        const links = pageLinks(request, config.PUBLIC_URL, page, {
          limit,
          offset: offset ?? 0,
          keyset: cursor !== undefined,
        });
        return reply.headers(JSON_PRIVATE).send(listEnvelope(entity, page, links) as never);
      },
    );
  }

  app.get(
    `${resourcesRoute}:resource/file`,
    {
      schema: {
        summary: 'The file of a resource that is kept here, whole or in part',
        tags: ['platform'],
        security,
        params: params.extend({ resource: z.string() }),
        querystring: z.object({ TOKEN: token }),
        response: {
          200: { description: 'The whole file', content: FILE },
          304: z.null().describe('The reader has this version'),
          206: { description: 'The range that was asked for', content: FILE },
        },
      },
    },
    async (request, reply) => {
      const read = reading(request, request.params);
      await reader.access(read);
      const file = await resources.file(db, read, request.params.resource);
      if (!file) {
        throw problem(
          'resource-file-not-found',
          'No resource of this project has this id and a file that is kept here.',
        );
      }
      return sendFile(request, reply, storage, file);
    },
  );
  sealScope();
}

const FILE = { '*/*': { schema: z.any().meta({ type: 'string', format: 'binary' }) } };
const JSON_PRIVATE = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'private, no-store' };
