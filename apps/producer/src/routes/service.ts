/** Routes about the service itself: its health, its metrics, its API document, its problem types. */
import { within } from '@parcelpost/shared/within.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { pageContext } from '../pages/context.js';
import { html, page, sendPage } from '../pages/html.js';
import { PROBLEM_TYPES } from '../problem-types.js';
import { problem } from '../problems.js';

/** How long a service that this one needs may take to say that it is there. */
const PATIENCE_MS = 2000;

export async function serviceRoutes(scope: FastifyInstance, { db, metrics, pingQueues }: Dependencies): Promise<void> {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const sealScope = refuseOtherMethods(scope);
  const status = z.object({ status: z.literal('ok') });

  app.get(
    '/healthz',
    { schema: { summary: 'Whether the process runs', tags: ['service'], response: { 200: status } } },
    async () => ({ status: 'ok' }) as const,
  );

  app.get(
    '/readyz',
    {
      schema: { summary: 'Whether database and queue answer', tags: ['service'], response: { 200: status } },
    },
    async (request) => {
      const checks = { database: () => db.raw('select 1'), queue: pingQueues };
      const failed = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => {
          try {
            await within(PATIENCE_MS, check());
            return [];
          } catch (error) {
            request.log.warn({ err: error, check: name }, 'not ready');
            return [name];
          }
        }),
      );
      const names = failed.flat();
      if (names.length > 0) throw problem('not-ready', `No answer from: ${names.join(', ')}.`);
      return { status: 'ok' } as const;
    },
  );

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const text = await metrics.registry.metrics();
    return reply.header('cache-control', 'no-store').type(metrics.registry.contentType).send(text);
  });

  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    return reply.type('application/json; charset=utf-8').send(scope.swagger());
  });

  app.get('/problems', { schema: { hide: true } }, async (request, reply) => {
    const rows = Object.entries(PROBLEM_TYPES).map(
      ([type, { status, title }]) =>
        html`<tr><td><a href="/problems/${type}">${type}</a><td>${status}<td>${title}</tr>`,
    );
    return sendPage(
      reply,
      page(await pageContext(request), {
        title: 'Problem types',
        body: html`<table><thead><tr><th>Type<th>Status<th>Title</thead>${rows}</table>`,
      }),
    );
  });

  app.get(
    '/problems/:type',
    { schema: { hide: true, params: z.object({ type: z.string() }) } },
    async (request, reply) => {
      const { type } = request.params;
      if (!Object.hasOwn(PROBLEM_TYPES, type)) throw problem('not-found', `There is no problem type ${type}.`);
      const { title, status, about } = PROBLEM_TYPES[type as keyof typeof PROBLEM_TYPES];
      const body = html`<p>HTTP status ${status}</p><p>${about}</p><p><a href="/problems">All problem types</a></p>`;
      return sendPage(reply, page(await pageContext(request), { title, body }));
    },
  );
  sealScope();
}
