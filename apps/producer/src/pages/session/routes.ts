/** Signing in and out, and the language of the pages. */
import { UserService } from '@parcelpost/shared/db/services/users.js';
import { knownLanguage } from '@parcelpost/shared/languages.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Identifier } from '../../actions/identify.js';
import type { Dependencies } from '../../dependencies.js';
import { refuseOtherMethods } from '../../methods.js';
import { problem } from '../../problems.js';
import { pageContext } from '../context.js';
import { sendPage } from '../html.js';
import { localPath } from '../local-path.js';
import { signInPage } from './sign-in-page.js';

const SAMPLE_USERS = 20;

export async function sessionRoutes(scope: FastifyInstance, { config, db }: Dependencies): Promise<void> {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const users = new UserService(db);
  const identify = new Identifier(users, config.AUTH_SECRET);
  const { pageContexts } = scope;
  const { sessions } = pageContexts;
  const sealScope = refuseOtherMethods(scope);
  const hide = true;
  const samples = async () => (config.SAMPLE_SIGN_IN ? users.list(SAMPLE_USERS) : []);

  app.get(
    '/sign-in',
    { schema: { hide, querystring: z.object({ next: z.string().optional() }) } },
    async (request, reply) => {
      const next = localPath(request.query.next);
      return sendPage(reply, signInPage(await pageContext(request), { next, samples: await samples() }));
    },
  );

  const signInForm = z.object({
    user: z.string().optional(),
    token: z.string().optional(),
    next: z.string().optional(),
  });
  app.post('/sign-in', { schema: { hide, body: signInForm } }, async (request, reply) => {
    const next = localPath(request.body.next);
    const userId = await signedIn(request.body);
    if (userId === undefined) {
      const fault = 'That did not sign you in. Check the token: it may be incomplete, or have expired.';
      const context = await pageContext(request);
      return sendPage(reply, signInPage(context, { next, samples: await samples(), fault }), 401);
    }
    sessions.start(reply, userId);
    return reply.redirect(next, 303);
  });

  app.post('/sign-out', { schema: { hide } }, async (request, reply) => {
    await sessions.end(request, reply);
    return reply.redirect('/sign-in', 303);
  });

  const languageForm = z.object({ language: z.string(), next: z.string().optional() });
  app.post('/language', { schema: { hide, body: languageForm } }, async (request, reply) => {
    const language = knownLanguage(request.body.language);
    if (!language) throw problem('invalid-parameter', 'language: the pages do not speak that language.');
    pageContexts.keepLanguage(reply, language);
    return reply.redirect(withoutLanguage(localPath(request.body.next)), 303);
  });

  /** The user whose token was pasted, or the sample user who was picked, where that may be done. */
  async function signedIn({ user, token }: z.output<typeof signInForm>): Promise<string | undefined> {
    if (user !== undefined && config.SAMPLE_SIGN_IN) return (await users.byUsername(user))?.id;
    return (await identify.accepted(token?.trim() ?? ''))?.id;
  }
  sealScope();
}

/** A page's path without the language that its address asks for, which would win over the one that was chosen. */
function withoutLanguage(path: string): string {
  const [bare = '', query = ''] = path.split('?', 2);
  const kept = query.split('&').filter((pair) => pair !== '' && !pair.startsWith('lang='));
  return kept.length > 0 ? `${bare}?${kept.join('&')}` : bare;
}
