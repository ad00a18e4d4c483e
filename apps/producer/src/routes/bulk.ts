/** Routes of bulk work: many requests, cancellations or retries at once. */
import { createHash, randomUUID } from 'node:crypto';
import { canonicalJson } from '@parcelpost/shared/canonical-json.js';
import { type BulkAction, BulkService } from '@parcelpost/shared/db/services/bulks.js';
import { KEY_HOURS } from '@parcelpost/shared/db/services/idempotency-keys.js';
import { isUuid, type UserRow, UserService } from '@parcelpost/shared/db/services/users.js';
import { BulkWorkTasks } from '@parcelpost/shared/db/tasks/bulk-work-tasks.js';
import { exportRequestSchemaOf } from '@parcelpost/shared/export-request.js';
import { seal } from '@parcelpost/shared/tokens/seal.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exportActions } from '../actions/export-actions.js';
import { Identifier } from '../actions/identify.js';
import { ReadExports } from '../actions/read-exports.js';
import { actorOf } from '../actions/rights-tasks.js';
import { BulkItemRunner } from '../bulk/bulk-item.js';
import { answersView, bulkView, type ItemAnswer, viewBulk } from '../bulk/bulk-view.js';
import { BulkWorker } from '../bulk/bulk-worker.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { answerOf, invalidRequest, problem } from '../problems.js';
import { idempotencyKey } from './idempotency-key.js';

/** Items at their usual size, with room. */
const BODY_LIMIT = 4 * 1024 * 1024;
/** When to try again where too many bulks are open: about when one may be done. */
const AGAIN_SECONDS = 60;

const bulkBody = z.union([
  z.strictObject({
    items: z
      .array(z.looseObject({ organization: z.string(), project: z.string() }))
      .min(1)
      .describe('Each with `organization`, `project`, and what a request for that export has in its body'),
  }),
  z.strictObject({
    action: z.enum(['cancel', 'retry']),
    exports: z.array(z.string()).min(1).describe('Ids of exports; one that is there twice is done once'),
    apiToken: z.string().min(1).max(8192).optional().describe('Of retries, where another platform holds the projects'),
  }),
]);

export async function bulkRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db, log, writes } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const users = new UserService(db);
  const identify = new Identifier(users, config.AUTH_SECRET);
  const { request, change } = exportActions(dependencies, new ReadExports(dependencies));
  const items = new BulkItemRunner(request, change, exportRequestSchemaOf(dependencies.pipeline.formats));
  const bulks = new BulkService(db);
  const tasks = new BulkWorkTasks(bulks);
  const worker = new BulkWorker({
    writes,
    tasks,
    items,
    users,
    sealSecrets: config.SEAL_SECRET,
    publicUrl: config.PUBLIC_URL,
    log,
  });
  const sealScope = refuseOtherMethods(scope);
  scope.addHook('onReady', async () => worker.start(config.SWEEP_SECONDS * 1000));
  scope.addHook('preClose', () => worker.stop());
  const security = [{ bearer: [] }];

  /** Bulk work of a user's own. */
  const own = async (id: string, user: UserRow) => {
    const row = isUuid(id) ? await bulks.get(id) : undefined;
    if (row?.userId !== user.id) throw problem('bulk-not-found', 'You have no bulk work of this id.');
    return row;
  };
  const shown = async (id: string, user: UserRow) => {
    const row = await own(id, user);
    return viewBulk(row, await bulks.answers(row.id), config.PUBLIC_URL);
  };

  /** Does a few items at once. */
  async function answerAll(user: UserRow, { action, asked }: Asked, key: string | undefined): Promise<ItemAnswer[]> {
    const answers: ItemAnswer[] = [];
    for (const [position, item] of asked.entries()) {
      if (item === undefined) {
        answers.push({ skipped: true });
        continue;
      }
      const ofItem = key === undefined ? undefined : `bulk\n${key}\n${position}`;
      const work = action === 'request' ? { action, key: ofItem } : { action };
      try {
        answers.push({ ok: true, value: await items.run(user, item, work) });
      } catch (error) {
        answers.push({ ok: false, error: answerOf(error, config.PUBLIC_URL, randomUUID(), log) });
      }
    }
    return answers;
  }

  app.post(
    '/api/v1/exports/bulk',
    {
      onRequest: identify.guard,
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: `Ask for many exports, cancel or retry them: up to ${config.BULK_LIMIT} are answered at once, more in the background`,
        tags: ['exports'],
        security,
        headers: z.looseObject({
          'idempotency-key': z
            .string()
            .optional()
            .describe(
              `A repeat within ${KEY_HOURS} hours is answered with the same exports, or the same work: with a key, cancellations and ` +
                'retries are done in the background however few they are',
            ),
        }),
        body: bulkBody,
        response: { 200: answersView, 202: bulkView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      const key = idempotencyKey(http.headers['idempotency-key']);
      const asked = readAsked(http.body);
      const { length } = asked.asked;
      if (length > config.BULK_ITEMS) {
        const pointer = asked.action === 'request' ? '/items' : '/exports';
        throw invalidRequest([{ pointer, detail: `takes at most ${config.BULK_ITEMS} at once` }]);
      }
      // What a cancellation or retry came to is remembered by its bulk alone; a request is known again by a key of its own.
      const atOnce = length <= config.BULK_LIMIT && (key === undefined || asked.action === 'request');
      if (atOnce) return reply.send({ answers: await answerAll(user, asked, key) });
      const id = randomUUID();
      const recorded = await writes.runner.runSingle(
        tasks.create(actorOf(user), {
          mostOpen: config.BULKS_OPEN_PER_PERSON,
          bulk: {
            id,
            userId: user.id,
            action: asked.action,
            sealed: asked.asked
              .map((item) => item && seal(JSON.stringify(item), config.SEAL_SECRET, id))
              .map((item) => item ?? null),
            key,
            fingerprint: createHash('sha256').update(canonicalJson(http.body)).digest('hex'),
          },
        }),
      );
      if (recorded === 'key-reused') {
        throw problem('idempotency-key-reused', 'This Idempotency-Key was used for other bulk work. Make a new one.');
      }
      if (recorded === 'too-many') {
        throw problem(
          'too-many-bulks',
          `You have ${config.BULKS_OPEN_PER_PERSON} bulks that are not done yet, as many as one person may have. Wait for one, or cancel one.`,
          { headers: { 'retry-after': String(AGAIN_SECONDS) } },
        );
      }
      http.log.info({ bulk: recorded.id, items: length, action: asked.action, user: user.id }, 'bulk work asked for');
      void worker.run();
      return reply
        .code(202)
        .header('location', `/api/v1/bulk/${recorded.id}`)
        .send(await shown(recorded.id, user));
    },
  );

  const params = z.object({ bulk: z.string() });

  app.get(
    '/api/v1/bulk/:bulk',
    {
      onRequest: identify.guard,
      schema: {
        summary: 'State, progress and answers of bulk work',
        tags: ['exports'],
        security,
        params,
        response: { 200: bulkView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      reply.header('cache-control', 'private, no-store');
      return shown(http.params.bulk, user);
    },
  );

  app.delete(
    '/api/v1/bulk/:bulk',
    {
      onRequest: identify.guard,
      schema: {
        summary: 'Cancel bulk work: items whose turn has not come are skipped; what was done stays',
        tags: ['exports'],
        security,
        params,
        response: { 202: bulkView },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      const { id } = await own(http.params.bulk, user);
      await writes.runner.runSingle(tasks.cancel(actorOf(user), { id }));
      return reply.code(202).send(await shown(id, user));
    },
  );
  sealScope();
}

interface Asked {
  action: BulkAction;
  /** Undefined in the place of what is there twice. */
  asked: (object | undefined)[];
}

function readAsked(body: z.output<typeof bulkBody>): Asked {
  if ('items' in body) return { action: 'request', asked: body.items };
  const { action, exports, apiToken } = body;
  const seen = new Set<string>();
  const asked = exports.map((id) => {
    const known = seen.has(id);
    seen.add(id);
    return known ? undefined : { id, ...(apiToken !== undefined && { apiToken }) };
  });
  return { action, asked };
}
