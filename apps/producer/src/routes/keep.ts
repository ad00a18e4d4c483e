/** Routes about the time of an export's files: pinning them, unpinning them, letting them go. */
import { type UserRow, UserService } from '@parcelpost/shared/db/services/users.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exportActions } from '../actions/export-actions.js';
import { exportView, viewExport } from '../actions/export-view.js';
import { Identifier } from '../actions/identify.js';
import { ReadExports } from '../actions/read-exports.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';

const params = z.object({ id: z.string() });
const tags = ['exports'];
const security = [{ bearer: [] }];

const pinBody = z
  .strictObject({
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('When the pin ends (RFC 3339); without it when somebody unpins'),
  })
  .nullish();

export async function keepRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const identify = new Identifier(new UserService(db), config.AUTH_SECRET);
  const read = new ReadExports(dependencies);
  const { keep } = exportActions(dependencies, read);
  const sealScope = refuseOtherMethods(scope);

  /** Does something to an export, and shows how it stands then. */
  const changing =
    (what: string, change: (id: string, user: UserRow) => Promise<Parameters<typeof read.detail>[0]>) =>
    async (http: FastifyRequest<{ Params: { id: string } }>) => {
      const user = await identify.bearer(http);
      const row = await change(http.params.id, user);
      http.log.info({ exportId: row.id, user: user.id }, what);
      return viewExport(await read.detail(row, user), config.PUBLIC_URL);
    };
  const common = { tags, security, params, response: { 200: exportView } };

  app.post(
    '/api/v1/exports/:id/pin',
    {
      onRequest: identify.guard,
      schema: {
        ...common,
        summary: 'Keep the files of an export until a time, or until they are unpinned',
        description:
          'For who asked for it, and administrators of its project. To pin anew replaces the pin. A pin is the export’s: it holds for the bundle of a later try too.',
        body: pinBody,
      },
    },
    async (http) => {
      const until = http.body?.until;
      const pin = (id: string, user: UserRow) => keep.pin(id, user, until === undefined ? null : new Date(until));
      return changing('files pinned', pin)(http);
    },
  );

  app.delete(
    '/api/v1/exports/:id/pin',
    {
      onRequest: identify.guard,
      schema: {
        ...common,
        summary: 'Keep the files of an export no longer than their time; they stay an hour at least, to be pinned anew',
      },
    },
    changing('files unpinned', (id, user) => keep.unpin(id, user)),
  );

  app.delete(
    '/api/v1/exports/:id/bundle',
    {
      onRequest: identify.guard,
      schema: {
        ...common,
        summary: 'Have the files of an export expire now, such as to make room for others; its row stays',
      },
    },
    changing('files let go', (id, user) => keep.expire(id, user)),
  );
  sealScope();
}
