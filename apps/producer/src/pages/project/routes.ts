/** The pages of projects: the list, one project with its map, and asking for an export by its form. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ProjectDirectory } from '@parcelpost/shared/db/services/project-directory.js';
import { type ProjectAddress, ProjectService } from '@parcelpost/shared/db/services/projects.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { exportRequestSchemaOf } from '@parcelpost/shared/export-request.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exportActions } from '../../actions/export-actions.js';
import { viewExport } from '../../actions/export-view.js';
import { externalPlatform } from '../../actions/platform-url.js';
import { ReadExports } from '../../actions/read-exports.js';
import type { Dependencies } from '../../dependencies.js';
import type { Live } from '../../live.js';
import { refuseOtherMethods } from '../../methods.js';
import { signedInContext, signedInForJson } from '../context.js';
import { statusesOf } from '../export/status-list.js';
import { sendPage } from '../html.js';
import { emptyForm, faultsOf, faultsOfSchema, filledForm, formKey, requestOf } from './form.js';
import { mapRoutes } from './map-routes.js';
import { projectPage } from './project-page.js';
import { projectsPage } from './projects-page.js';
import { ReadProjects } from './read-projects.js';
import { reasonText } from './recent-html.js';
import { refusalOf } from './refusal.js';
import { projectHref, type ShownForm } from './view.js';

/** Projects of one page of the list. */
const LISTED = 50;
/** Milliseconds between looks at whether the same form, sent twice, has been recorded. */
const BUSY_PAUSES_MS = [50, 100, 200, 400, 800];
/** So many keys a form can bear; each is a UUID of ours. */
const KEY = /^[0-9a-f-]{36}$/;

const listQuery = z.object({ q: z.string().max(200).optional(), after: z.string().max(500).optional() });
const address = z.object({ org: z.string(), project: z.string() });

export async function projectRoutes(
  scope: FastifyInstance,
  dependencies: Dependencies & { live: Live },
): Promise<void> {
  const { config, db, pipeline, live } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const directory = new ProjectDirectory(db);
  const exports = new ReadExports(dependencies);
  const needsToken = externalPlatform(config) !== undefined;
  const projects = new ReadProjects({ projects: new ProjectService(db), directory, exports, external: needsToken });
  const { request: requests } = exportActions(dependencies, exports);
  const requestSchema = exportRequestSchemaOf(pipeline.formats);
  const sealScope = refuseOtherMethods(scope);
  const hide = true;
  const maps = await mapRoutes(scope, { directory, projects, log: dependencies.log });

  app.get('/projects', { schema: { hide, querystring: listQuery } }, async (request, reply) => {
    const context = await signedInContext(request);
    const { q, after } = request.query;
    const search = q?.trim() ?? '';
    const found = await projects.visible(context.user, { search, after: addressOf(after), limit: LISTED + 1 });
    const shown = found.slice(0, LISTED);
    const last = shown.at(-1);
    const more = found.length > LISTED && last !== undefined;
    const query = new URLSearchParams({
      ...(search && { q: search }),
      after: `${last?.organization.slug}/${last?.slug}`,
    });
    const content = {
      projects: shown,
      search,
      later: after !== undefined,
      next: more ? `/projects?${query}` : undefined,
      searchable: more || after !== undefined,
    };
    return sendPage(reply, projectsPage(context, content));
  });

  const form = (user: UserRow, language: string, key: string = randomUUID()): ShownForm => ({
    values: emptyForm(language),
    key,
    faults: {},
    problem: undefined,
    formats: pipeline.formats,
    needsToken,
    address: user.email,
  });

  /** What the page of a project shows, with the form as it is given. */
  const content = async (user: UserRow, at: ProjectAddress, shown: ShownForm) => {
    const { id, ...project } = await projects.one(user, at);
    const [recent, map, queueAway] = await Promise.all([
      projects.recent(user, project, at),
      id === undefined ? undefined : maps.known(id),
      live.queue.isAway(),
    ]);
    return {
      project,
      map: id === undefined ? undefined : { href: `${projectHref(at.organization, at.project)}/map`, data: map },
      form: project.standing.mayExport ? shown : undefined,
      recent,
      queueAway,
    };
  };

  app.get('/projects/:org/:project', { schema: { hide, params: address } }, async (request, reply) => {
    const context = await signedInContext(request);
    const at = { organization: request.params.org, project: request.params.project };
    return sendPage(reply, projectPage(context, await content(context.user, at, form(context.user, context.language))));
  });

  app.get('/projects/:org/:project/exports.json', { schema: { hide, params: address } }, async (request, reply) => {
    const { user, language } = await signedInForJson(request);
    const at = { organization: request.params.org, project: request.params.project };
    const { id: _, ...project } = await projects.one(user, at);
    const recent = (await projects.recent(user, project, at)) ?? [];
    const ids = recent.map(({ detail }) => detail.row.id);
    const statuses = await statusesOf(live.look, ids, language);
    const results = recent.map(({ detail, mayChange }) => {
      const view = viewExport(detail, config.PUBLIC_URL);
      // The list has no field for a token; the page of the export has.
      const reason = view.error && { reason: reasonText(view.error, language) };
      const words = statuses.get(view.id)?.words;
      return { ...view, ...reason, ...(words && { words }), retryable: view.retryable && !needsToken, mayChange };
    });
    return reply.header('cache-control', 'private, no-store').send({ results });
  });

  app.post(
    '/projects/:org/:project/exports',
    { schema: { hide, params: address, body: z.looseObject({}) } },
    async (request, reply) => {
      const context = await signedInContext(request);
      const { user } = context;
      const at = { organization: request.params.org, project: request.params.project };
      const filled = filledForm(request.body);
      const { key, apiToken: _, ...values } = filled;
      const asked = requestOf(filled);
      const parsed = requestSchema.safeParse(asked);
      const faults = {
        ...(parsed.success ? {} : faultsOfSchema(parsed.error.issues, values)),
        ...faultsOf(filled, needsToken),
      };
      const again = async (status: number, shown: Partial<ShownForm>) => {
        const kept = form(user, context.language, KEY.test(key) ? key : randomUUID());
        return sendPage(reply, projectPage(context, await content(user, at, { ...kept, values, ...shown })), status);
      };
      if (!parsed.success || Object.keys(faults).length > 0) {
        // Only who may ask is told what is wrong with what they ask.
        await projects.one(user, at);
        return again(422, { faults });
      }
      try {
        const ask = () => requests.run(user, { ...at, body: parsed.data, key: formKey(key, asked) });
        const { exportId, kind } = await afterTheOther(ask);
        request.log.info({ exportId, ...at, user: user.id, kind }, 'export requested');
        return reply.redirect(`/exports/${exportId}`, 303);
      } catch (error) {
        if (!(error instanceof ProblemError) || error.status === 404) throw error;
        // The list of the project's page shows what comes of the other one.
        if (isBusy(error)) return reply.redirect(projectHref(at.organization, at.project), 303);
        return again(error.status, refusalOf(error, values, context));
      }
    },
  );
  sealScope();
}

const isBusy = (error: unknown) => error instanceof ProblemError && error.type === 'idempotency-key-busy';

/** Asks, and asks again while the same form, sent twice by a double click, is being recorded. */
async function afterTheOther<T>(ask: () => Promise<T>): Promise<T> {
  for (const ms of BUSY_PAUSES_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    await pause(ms);
  }
  return ask();
}

/** `organization/project` of a query; undefined where it is neither. */
function addressOf(text: string | undefined): ProjectAddress | undefined {
  const [organization, project, ...more] = text?.split('/') ?? [];
  return organization === undefined || project === undefined || more.length > 0 ? undefined : { organization, project };
}
