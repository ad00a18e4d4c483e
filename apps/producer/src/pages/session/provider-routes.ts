/** Signing in at the identity provider: there, and back again. */
import { splitTarget } from '@parcelpost/shared/tokens/raw-path.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Dependencies } from '../../dependencies.js';
import {
  ATTEMPT_SECONDS,
  attemptCookie,
  openAttempt,
  sealAttempt,
  surplusAttempts,
} from '../../sign-in/attempt-cookie.js';
import { type Provider, ProviderAwayError, SignInRefusedError } from '../../sign-in/provider.js';
import { SignInTasks } from '../../sign-in/tasks.js';
import { pageContext } from '../context.js';
import { type Html, sendPage } from '../html.js';
import { localPath } from '../local-path.js';
import type { Fault, SignIn } from './sign-in-page.js';

const STATUS: Partial<Record<Fault, number>> = { away: 503, lost: 400 };

/** Adds the routes to those of signing in. */
export function providerRoutes(
  app: FastifyInstance,
  { config, writes }: Dependencies,
  {
    provider,
    signIn,
  }: {
    provider: Provider;
    signIn: (request: FastifyRequest, what: Pick<SignIn, 'next' | 'fault'>) => Promise<Html>;
  },
): void {
  const { sessions } = app.pageContexts;
  const tasks = new SignInTasks();
  tasks.audit(writes.runner.hooks);
  const cookieName = (name: string) => sessions.cookieName(name);
  const policy = { linkEmail: provider.config.linkEmail, createUsers: provider.config.createUsers };

  const refuse = async (request: FastifyRequest, reply: FastifyReply, next: string, fault: Fault) =>
    sendPage(reply, await signIn(request, { next, fault }), STATUS[fault] ?? 403);

  /** What an error of the provider's says on the page; others are not for this page. */
  const faultOf = (error: unknown, request: FastifyRequest): Fault => {
    if (error instanceof ProviderAwayError) {
      request.log.warn({ err: error }, 'the identity provider is away');
      return 'away';
    }
    if (!(error instanceof SignInRefusedError)) throw error;
    request.log.warn({ reason: reasonOf(error.cause) }, 'the identity provider signed nobody in');
    return 'refused';
  };

  app.get(
    '/sign-in/provider',
    { schema: { hide: true, querystring: z.object({ next: z.string().optional() }) } },
    async (request, reply) => {
      const next = localPath((request.query as { next?: string }).next);
      const { language } = await pageContext(request);
      try {
        const { url, attempt } = await provider.begin(next, language);
        for (const name of surplusAttempts(request.cookies, cookieName, config.AUTH_SECRET)) {
          reply.clearCookie(name, sessions.cookie);
        }
        return reply
          .setCookie(cookieName(attemptCookie(attempt.state)), sealAttempt(attempt, config.AUTH_SECRET), {
            ...sessions.cookie,
            maxAge: ATTEMPT_SECONDS,
          })
          .header('cache-control', 'no-store')
          .redirect(url.href, 303);
      } catch (error) {
        return refuse(request, reply, next, faultOf(error, request));
      }
    },
  );

  app.get('/sign-in/callback', { schema: { hide: true } }, async (request, reply) => {
    const { query } = splitTarget(request.raw.url ?? '');
    const name = cookieName(attemptCookie(new URLSearchParams(query).get('state') ?? ''));
    const attempt = openAttempt(request.cookies[name], config.AUTH_SECRET);
    // Somebody may have sent the browser here: that ends no sign-in which they have not begun.
    if (!attempt) return refuse(request, reply, localPath(undefined), 'lost');
    reply.clearCookie(name, sessions.cookie);
    const next = localPath(attempt.next);
    try {
      const identity = await provider.end(query, attempt);
      const recognised = await writes.runner.runSingle(tasks.recognise(writes.actor, { identity, policy }));
      if (!recognised.user) {
        const { issuer, subject } = identity;
        request.log.warn({ issuer, subject, why: recognised.why }, 'somebody signed in whom nobody knows here');
        return refuse(request, reply, next, recognised.why);
      }
      sessions.start(reply, recognised.user.id, { byProvider: true });
      return reply.redirect(next, 303);
    } catch (error) {
      return refuse(request, reply, next, faultOf(error, request));
    }
  });
}

/** The code of an error and its kind, and not its text: in that may be what the provider was sent. */
function reasonOf(cause: unknown): string {
  const { name = 'Error', code, error } = (cause ?? {}) as { name?: string; code?: string; error?: string };
  return [name, code, typeof error === 'string' ? error.replace(/[^\w-]/g, '').slice(0, 60) : undefined]
    .filter(Boolean)
    .join(' ');
}
