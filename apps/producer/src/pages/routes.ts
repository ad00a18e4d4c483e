/** The pages: what stands before and after each of them, and the list of them. */
import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import type { Dependencies } from '../dependencies.js';
import type { Live } from '../live.js';
import { refuseOtherMethods } from '../methods.js';
import { problem } from '../problems.js';
import { assetRoutes } from './asset-routes.js';
import { SignInNeeded } from './context.js';
import { embedRoutes } from './embed.js';
import { exportPageRoutes } from './export-routes.js';
import { guardForm } from './forms.js';
import { wantsJson } from './negotiate.js';
import { projectRoutes } from './project/routes.js';
import { sessionRoutes } from './session/routes.js';

/** A form without a file in it. */
const FORM_LIMIT = 16 * 1024;

export async function pageRoutes(scope: FastifyInstance, dependencies: Dependencies & { live: Live }): Promise<void> {
  await scope.register(formbody, { bodyLimit: FORM_LIMIT });
  // Before the body is validated, which leaves nothing of a form but what its route asks for.
  scope.addHook('preValidation', guardForm);
  const problems = scope.errorHandler;
  scope.setErrorHandler((error, request, reply) => {
    if (!(error instanceof SignInNeeded)) return problems(error, request, reply);
    // A script would take the page to sign in at for an answer.
    if (wantsJson(request.headers.accept)) return problems(problem('token-missing', error.message), request, reply);
    return reply.redirect(`/sign-in?next=${encodeURIComponent(error.path)}`, 303);
  });

  const sealScope = refuseOtherMethods(scope);
  scope.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/projects', 303));
  sealScope();
  await scope.register(assetRoutes);
  await scope.register(embedRoutes);
  for (const routes of [sessionRoutes, projectRoutes, exportPageRoutes]) {
    await scope.register(async (area) => routes(area, dependencies));
  }
}
