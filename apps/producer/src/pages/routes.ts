/** The pages: signing in, the list of exports, one export. */
import formbody from '@fastify/formbody';
import { type UserRow, UserService } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { DEFAULT_AUTH_HOURS, mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exportActions } from '../actions/export-actions.js';
import { Identifier, SESSION_COOKIE } from '../actions/identify.js';
import { externalPlatform } from '../actions/platform-url.js';
import { ReadExports } from '../actions/read-exports.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { problem } from '../problems.js';
import { exportPage } from './export-page.js';
import { exportsPage } from './exports-page.js';
import { sendPage } from './html.js';
import { localPath } from './local-path.js';
import { signInPage } from './sign-in-page.js';
import { STYLE } from './style.js';

const changeForm = z.object({ apiToken: z.string().optional() }).nullish();

const RECENT = 50;
const SAMPLE_USERS = 20;

export async function pageRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db } = dependencies;
  await scope.register(formbody, { bodyLimit: 16 * 1024 });
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const users = new UserService(db);
  const identify = new Identifier(users, config.AUTH_SECRET);
  const read = new ReadExports(dependencies);
  const { change } = exportActions(dependencies, read);
  const needsToken = externalPlatform(config) !== undefined;
  const sealScope = refuseOtherMethods(scope);
  const hide = true;

  const toSignIn = (request: FastifyRequest, reply: FastifyReply) =>
    reply.redirect(`/sign-in?next=${encodeURIComponent(localPath(request.raw.url))}`, 303);
  const samples = async () => (config.SAMPLE_SIGN_IN ? users.list(SAMPLE_USERS) : []);
  const cookie = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: config.PUBLIC_URL.startsWith('https:'),
  } as const;

  app.get('/', { schema: { hide } }, async (_request, reply) => reply.redirect('/exports', 303));

  app.get('/style.css', { schema: { hide } }, async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'public, max-age=3600').send(STYLE),
  );

  app.get('/exports', { schema: { hide } }, async (request, reply) => {
    const user = await identify.session(request);
    if (!user) return toSignIn(request, reply);
    return sendPage(reply, exportsPage(user, await read.recent(user, undefined, RECENT)));
  });

  app.get('/exports/:id', { schema: { hide, params: z.object({ id: z.string() }) } }, async (request, reply) => {
    const user = await identify.session(request);
    if (!user) return toSignIn(request, reply);
    const row = await read.one(request.params.id, user);
    const [detail, mayChange] = await Promise.all([read.detail(row, user), read.inCharge(row, user)]);
    const { PUBLIC_URL: publicUrl } = config;
    return sendPage(reply, exportPage({ user, detail, publicUrl, mayChange, needsToken }));
  });

  /** A form of an export's page: does what it asks for, and shows the page again, which tells how things stand. */
  const form =
    (act: (id: string, user: UserRow, apiToken: string | undefined) => Promise<unknown>) =>
    async (
      request: FastifyRequest<{ Params: { id: string }; Body: z.output<typeof changeForm> }>,
      reply: FastifyReply,
    ) => {
      refuseForeignForm(request);
      const { id } = request.params;
      const user = await identify.session(request);
      if (!user) return reply.redirect(`/sign-in?next=${encodeURIComponent(`/exports/${id}`)}`, 303);
      await act(id, user, request.body?.apiToken).catch((error: unknown) => {
        // Somebody was quicker: the page says what has become of the export.
        if (!(error instanceof ProblemError && error.status === 409)) throw error;
      });
      return reply.redirect(`/exports/${encodeURIComponent(id)}`, 303);
    };
  const changeSchema = { hide, params: z.object({ id: z.string() }), body: changeForm };
  app.post(
    '/exports/:id/cancel',
    { schema: changeSchema },
    form((id, user) => change.cancel(id, user)),
  );
  app.post(
    '/exports/:id/retry',
    { schema: changeSchema },
    form((id, user, token) => change.retry(id, user, token)),
  );

  app.get(
    '/sign-in',
    { schema: { hide, querystring: z.object({ next: z.string().optional() }) } },
    async (request, reply) =>
      sendPage(reply, signInPage({ next: localPath(request.query.next), samples: await samples() })),
  );

  const signInForm = z.object({
    user: z.string().optional(),
    token: z.string().optional(),
    next: z.string().optional(),
  });
  app.post('/sign-in', { schema: { hide, body: signInForm } }, async (request, reply) => {
    refuseForeignForm(request);
    const next = localPath(request.body.next);
    const token = await signedIn(request.body);
    if (token === undefined) {
      const fault = 'That did not sign you in. Check the token: it may be incomplete, or have expired.';
      return sendPage(reply, signInPage({ next, samples: await samples(), fault }), 401);
    }
    return reply.setCookie(SESSION_COOKIE, token, cookie).redirect(next, 303);
  });

  app.post('/sign-out', { schema: { hide } }, async (request, reply) => {
    refuseForeignForm(request);
    return reply.clearCookie(SESSION_COOKIE, cookie).redirect('/sign-in', 303);
  });

  /** The token of a session: the one that was pasted, or a new one for a sample user, where those may be picked. */
  async function signedIn({ user, token }: z.output<typeof signInForm>): Promise<string | undefined> {
    if (user !== undefined && config.SAMPLE_SIGN_IN) {
      const sample = await users.byUsername(user);
      return sample && mintAuthToken(sample.id, config.AUTH_SECRET, DEFAULT_AUTH_HOURS);
    }
    const pasted = token?.trim() ?? '';
    return (await identify.accepted(pasted)) ? pasted : undefined;
  }
  sealScope();
}

/** A form of another site must not sign its visitor in or out. Browsers say where a form comes from. */
function refuseForeignForm(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  const { origin, host } = request.headers;
  const foreign =
    site !== undefined
      ? site !== 'same-origin' && site !== 'none'
      : origin !== undefined && originHost(origin) !== host;
  if (foreign) throw problem('bad-request', 'This form was sent from another site. Open the page here and try again.');
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
