/** Signing in and out, and the language of the pages. */
import { UserService } from '@parcelpost/shared/db/services/users.js';
import { knownLanguage } from '@parcelpost/shared/languages.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Identifier } from '../../actions/identify.js';
import type { Dependencies } from '../../dependencies.js';
import { refuseOtherMethods } from '../../methods.js';
import { problem } from '../../problems.js';
import { Provider } from '../../sign-in/provider.js';
import { pageContext } from '../context.js';
import { sendPage } from '../html.js';
import { localPath } from '../local-path.js';
import { providerRoutes } from './provider-routes.js';
import { type SignIn, signedOutPage, signInPage } from './sign-in-page.js';

const SAMPLE_USERS = 20;

export async function sessionRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const users = new UserService(db);
  const identify = new Identifier(users, config.AUTH_SECRET);
  const provider = config.OIDC && new Provider(config.OIDC, config.PUBLIC_URL);
  const { pageContexts } = scope;
  const { sessions } = pageContexts;
  const sealScope = refuseOtherMethods(scope);
  const hide = true;

  const signIn = async (request: FastifyRequest, what: Pick<SignIn, 'next' | 'ended' | 'fault'>) =>
    signInPage(await pageContext(request), {
      samples: config.SAMPLE_SIGN_IN ? await users.list(SAMPLE_USERS) : [],
      provider: provider?.name,
      ...what,
    });

  app.get(
    '/sign-in',
    { schema: { hide, querystring: z.object({ next: z.string().optional() }) } },
    async (request, reply) => {
      const ended = await sessions.isOver(request);
      return sendPage(reply, await signIn(request, { next: localPath(request.query.next), ended }));
    },
  );

  const sampleUser = async (username: string) => {
    const user = await users.byUsername(username);
    return user && { user, expiresAt: undefined };
  };

  const signInForm = z.object({
    user: z.string().optional(),
    token: z.string().optional(),
    next: z.string().optional(),
  });
  app.post('/sign-in', { schema: { hide, body: signInForm } }, async (request, reply) => {
    const { user, token = '' } = request.body;
    const next = localPath(request.body.next);
    const picks = user !== undefined && config.SAMPLE_SIGN_IN;
    const found = picks ? await sampleUser(user) : await identify.accepted(token.trim());
    if (!found) {
      return sendPage(reply, await signIn(request, { next, fault: picks ? 'wrongUser' : 'wrongToken' }), 401);
    }
    sessions.start(reply, found.user.id, { until: found.expiresAt });
    return reply.redirect(next, 303);
  });

  app.post('/sign-out', { schema: { hide } }, async (request, reply) => {
    const session = await sessions.end(request, reply);
    return reply.redirect(session?.byProvider ? '/signed-out?provider=1' : '/signed-out', 303);
  });

  const signedOutQuery = z.object({ provider: z.string().optional() });
  app.get('/signed-out', { schema: { hide, querystring: signedOutQuery } }, async (request, reply) => {
    const url = request.query.provider === undefined ? undefined : await provider?.signOutUrl();
    const there = provider && url && { name: provider.name, url };
    return sendPage(reply, signedOutPage(await pageContext(request), there));
  });

  const languageForm = z.object({ language: z.string(), next: z.string().optional() });
  app.post('/language', { schema: { hide, body: languageForm } }, async (request, reply) => {
    const language = knownLanguage(request.body.language);
    if (!language) throw problem('invalid-parameter', 'language: the pages do not speak that language.');
    pageContexts.keepLanguage(reply, language);
    return reply.redirect(withoutLanguage(localPath(request.body.next)), 303);
  });

  if (provider) providerRoutes(app, dependencies, { provider, signIn });
  sealScope();
}

/** A page's path without the language that its address asks for, which would win over the one that was chosen. */
function withoutLanguage(path: string): string {
  const [bare = '', query = ''] = path.split('?', 2);
  const kept = query.split('&').filter((pair) => pair !== '' && !pair.startsWith('lang='));
  return kept.length > 0 ? `${bare}?${kept.join('&')}` : bare;
}
