/** The pages of exports: the list, and one export. */
import type { FastifyInstance } from 'fastify';
import { viewExport } from '../actions/export-view.js';
import { ReadExports } from '../actions/read-exports.js';
import type { Dependencies } from '../dependencies.js';
import type { Live } from '../live.js';
import { refuseOtherMethods } from '../methods.js';
import { signedInContext, signedInForJson } from './context.js';
import { oneExportRoutes } from './export/routes.js';
import { statusesOf } from './export/status-list.js';
import { exportsPage } from './exports-page.js';
import { sendPage } from './html.js';

const RECENT = 50;

export async function exportPageRoutes(
  scope: FastifyInstance,
  dependencies: Dependencies & { live: Live },
): Promise<void> {
  const { config } = dependencies;
  const read = new ReadExports(dependencies);
  const sealScope = refuseOtherMethods(scope);

  scope.get('/exports', { schema: { hide: true } }, async (request, reply) => {
    const context = await signedInContext(request);
    return sendPage(reply, exportsPage(context, await read.recent(context.user, undefined, RECENT)));
  });
  scope.get('/exports.json', { schema: { hide: true } }, async (request, reply) => {
    const { user, language } = await signedInForJson(request);
    const recent = await read.recent(user, undefined, RECENT);
    const ids = recent.map(({ row }) => row.id);
    const statuses = await statusesOf(dependencies.live.look, ids, language);
    const results = recent.flatMap((detail) => {
      const status = statuses.get(detail.row.id);
      const { organization, project, outputType, requestedAt, bundle, links } = viewExport(detail, config.PUBLIC_URL);
      return status ? [{ ...status, organization, project, outputType, requestedAt, bundle, links }] : [];
    });
    return reply.headers({ 'cache-control': 'no-store', vary: 'accept-language, cookie' }).send({ results });
  });
  sealScope();
  await scope.register(async (area) => oneExportRoutes(area, dependencies));
}
