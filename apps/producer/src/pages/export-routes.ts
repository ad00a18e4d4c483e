/** The pages of exports: the list, and one export. */
import type { FastifyInstance } from 'fastify';
import { ReadExports } from '../actions/read-exports.js';
import type { Dependencies } from '../dependencies.js';
import type { Live } from '../live.js';
import { refuseOtherMethods } from '../methods.js';
import { signedInContext } from './context.js';
import { oneExportRoutes } from './export/routes.js';
import { exportsPage } from './exports-page.js';
import { sendPage } from './html.js';

const RECENT = 50;

export async function exportPageRoutes(
  scope: FastifyInstance,
  dependencies: Dependencies & { live: Live },
): Promise<void> {
  const read = new ReadExports(dependencies);
  const sealScope = refuseOtherMethods(scope);

  scope.get('/exports', { schema: { hide: true } }, async (request, reply) => {
    const context = await signedInContext(request);
    return sendPage(reply, exportsPage(context, await read.recent(context.user, undefined, RECENT)));
  });
  sealScope();
  await scope.register(async (area) => oneExportRoutes(area, dependencies));
}
