/** The pages of exports: the list, one export, and the forms on it. */
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exportActions } from '../actions/export-actions.js';
import { externalPlatform } from '../actions/platform-url.js';
import { ReadExports } from '../actions/read-exports.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { signedInContext } from './context.js';
import { exportPage } from './export-page.js';
import { exportsPage } from './exports-page.js';
import { sendPage } from './html.js';

const changeForm = z.object({ apiToken: z.string().optional() }).nullish();

const RECENT = 50;

export async function exportPageRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const read = new ReadExports(dependencies);
  const { change } = exportActions(dependencies, read);
  const needsToken = externalPlatform(config) !== undefined;
  const sealScope = refuseOtherMethods(scope);
  const hide = true;

  app.get('/exports', { schema: { hide } }, async (request, reply) => {
    const context = await signedInContext(request);
    return sendPage(reply, exportsPage(context, await read.recent(context.user, undefined, RECENT)));
  });

  app.get('/exports/:id', { schema: { hide, params: z.object({ id: z.string() }) } }, async (request, reply) => {
    const context = await signedInContext(request);
    const { user } = context;
    const row = await read.one(request.params.id, user);
    const [detail, mayChange] = await Promise.all([read.detail(row, user), read.inCharge(row, user)]);
    const { PUBLIC_URL: publicUrl } = config;
    return sendPage(reply, exportPage({ context, detail, publicUrl, mayChange, needsToken }));
  });

  /** A form of an export's page: does what it asks for, and shows the page again, which tells how things stand. */
  const form =
    (act: (id: string, user: UserRow, apiToken: string | undefined) => Promise<unknown>) =>
    async (
      request: FastifyRequest<{ Params: { id: string }; Body: z.output<typeof changeForm> }>,
      reply: FastifyReply,
    ) => {
      const { id } = request.params;
      const { user } = await signedInContext(request);
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
  sealScope();
}
