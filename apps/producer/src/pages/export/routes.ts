/** An export's page, the JSON beside it, its events, and the forms on it. */
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { LANGUAGE_TAGS, type Language } from '@parcelpost/shared/languages.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { sameRequest } from '../../actions/ask-again.js';
import { exportActions } from '../../actions/export-actions.js';
import { viewExport, viewFollowUp } from '../../actions/export-view.js';
import type { ExportNow } from '../../actions/look-at-exports.js';
import { externalPlatform } from '../../actions/platform-url.js';
import { ReadExports } from '../../actions/read-exports.js';
import type { Dependencies } from '../../dependencies.js';
import type { Live } from '../../live.js';
import { refuseOtherMethods } from '../../methods.js';
import { problem } from '../../problems.js';
import type { StreamKind } from '../../routes/event-stream.js';
import { signedInContext, signedInForJson } from '../context.js';
import { sendPage } from '../html.js';
import { wantsJson } from '../negotiate.js';
import { exportPage } from './page.js';
import { stepKey } from './state-card.js';
import { isOpen, statusOf } from './status.js';

const params = z.object({ id: z.string() });
const changeForm = z.object({ apiToken: z.string().optional() }).nullish();
const JSON_SUFFIX = '.json';

export async function oneExportRoutes(
  scope: FastifyInstance,
  dependencies: Dependencies & { live: Live },
): Promise<void> {
  const { config, live } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const read = new ReadExports(dependencies);
  const { request: ask, change, renew } = exportActions(dependencies, read);
  const needsToken = externalPlatform(config) !== undefined;
  const sealScope = refuseOtherMethods(scope);
  const hide = true;

  /** What a user may see of an export: its row is never older than how it stands. */
  const seen = async (id: string, user: UserRow) => {
    await read.one(id, user);
    const now = (await live.look.of([id])).get(id);
    const row = await read.one(id, user);
    const [detail, mayChange, mayAsk] = await Promise.all([
      read.detail(row, user),
      read.inCharge(row, user),
      read.mayAsk(row, user),
    ]);
    const changed = !now || now.state !== detail.state || now.generation !== row.generation;
    const newest = changed ? (await live.look.of([id])).get(id) : now;
    if (!newest) throw problem('export-not-found', 'The export is not there any more.');
    return { detail, mayChange, mayAsk, now: newest };
  };

  app.get('/exports/:id', { schema: { hide, params } }, async (request, reply) => {
    const asked = request.params.id;
    const json = asked.endsWith(JSON_SUFFIX) || wantsJson(request.headers.accept);
    reply.header('vary', 'accept, accept-language, cookie');
    const context = await (json ? signedInForJson : signedInContext)(request);
    const found = await seen(asked.endsWith(JSON_SUFFIX) ? asked.slice(0, -JSON_SUFFIX.length) : asked, context.user);
    const { PUBLIC_URL: publicUrl } = config;
    if (!json) return sendPage(reply, exportPage({ context, ...found, publicUrl, needsToken }));
    const view = viewExport(found.detail, publicUrl);
    const { bundle, links, retryable, cancelling, renewal } = view;
    return reply.header('cache-control', 'no-store').send({
      ...statusOf(found.now, context.language),
      cancelling,
      retryable,
      renewal,
      bundle,
      warnings: view.warnings,
      followUps: { ...found.now.followUps, all: found.detail.followUps.map(viewFollowUp) },
      links,
    });
  });

  app.get(
    '/exports/:id/events',
    // HEAD would open a stream that nobody reads.
    {
      exposeHeadRoute: false,
      schema: { hide, params, querystring: z.object({ lang: z.string().optional() }) },
    },
    async (request, reply) => {
      const { user, language } = await signedInContext(request);
      const row = await read.one(request.params.id, user);
      live.streams.open(row.id, user.id, STREAMS[language], reply);
    },
  );

  /** A form of the page: does what it asks for, and shows the page of the export that has come of it. */
  const form =
    (act: (id: string, user: UserRow, apiToken: string | undefined) => Promise<string>) =>
    async (
      request: FastifyRequest<{ Params: { id: string }; Body: z.output<typeof changeForm> }>,
      reply: FastifyReply,
    ) => {
      const { id } = request.params;
      const { user } = await signedInContext(request);
      const shown = await act(id, user, request.body?.apiToken).catch((error: unknown) => {
        // Somebody was quicker: the page says what has become of the export.
        if (!(error instanceof ProblemError && error.status === 409)) throw error;
        return id;
      });
      return reply.redirect(`/exports/${encodeURIComponent(shown)}`, 303);
    };
  const schema = { hide, params, body: changeForm };
  app.post(
    '/exports/:id/cancel',
    { schema },
    form(async (id, user) => (await change.cancel(id, user)).id),
  );
  app.post(
    '/exports/:id/retry',
    { schema },
    form(async (id, user, token) => (await change.retry(id, user, token)).id),
  );
  app.post(
    '/exports/:id/renew',
    { schema },
    form(
      async (id, user, apiToken) => (await renew.run(id, user, { onSuccess: [], onFailure: [], apiToken })).exportId,
    ),
  );
  app.post(
    '/exports/:id/again',
    { schema },
    form(async (id, user, token) => {
      const row = await read.one(id, user);
      const { organization, project } = row;
      return (await ask.run(user, { organization, project, body: sameRequest(row, user, token) })).exportId;
    }),
  );
  sealScope();
}

/** What the events of a page bring: what its script writes into it, and the version by which it knows that there is more. */
function liveStatus(now: ExportNow, language: Language) {
  const { state, version, words, progress, steps } = statusOf(now, language);
  return {
    state,
    version,
    title: words.title,
    time: words.time,
    progress: words.progress,
    percent: progress.percent,
    steps: steps.map((step) => ({ key: stepKey(step), shards: step.shards, ...step.words })),
  };
}

/** A page has more to come until its follow-ups have ended. One kind for each language: all who read it get the same bytes. */
const STREAMS = Object.fromEntries(
  LANGUAGE_TAGS.map((language): [Language, StreamKind] => [
    language,
    {
      name: `page ${language}`,
      data: (now) => liveStatus(now, language),
      isOver: (now) => !isOpen(now.state) && now.followUps.open === 0,
    },
  ]),
) as Record<Language, StreamKind>;
