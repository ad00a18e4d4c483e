/** The producer's HTTP server: what every request passes through, and the routes. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import { SessionService } from '@parcelpost/shared/db/services/sessions.js';
import type { Metrics } from '@parcelpost/shared/metrics.js';
import { SIGNATURE_LIMITS } from '@parcelpost/shared/signatures/signature.js';
import { pathSegments, splitTarget } from '@parcelpost/shared/tokens/raw-path.js';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { Sessions } from './actions/sessions.js';
import { allowOrigins } from './cors.js';
import type { Dependencies } from './dependencies.js';
import { liveOf } from './live.js';
import { openapi } from './openapi.js';
import { PageContexts } from './pages/context.js';
import { sendError } from './pages/error-page.js';
import { pageRoutes } from './pages/routes.js';
import { platformRoutes } from './platform/routes.js';
import { tokenRoutes } from './platform/token-routes.js';
import { PROBLEM_JSON, problem, problemDocument, problemSchema, sendProblem } from './problems.js';
import { bulkRoutes } from './routes/bulk.js';
import { downloadRoutes } from './routes/download.js';
import { exportRoutes } from './routes/exports.js';
import { fileRoutes } from './routes/files.js';
import { keepRoutes } from './routes/keep.js';
import { schemaRoutes } from './routes/schemas.js';
import { serviceRoutes } from './routes/service.js';
import { validatorCompiler } from './validation.js';

/** Signatures at their largest, with room for the rest and for white space. */
const BODY_LIMIT = 4 * SIGNATURE_LIMITS.bytes;

/** How long a request may take to arrive: a large file over a slow line. Its headers have a minute, as Node.js has it. */
const REQUEST_MS = 15 * 60_000;

/** Builds the server; it listens where the caller says, and ends what it streams when it is closed. */
export async function buildServer(dependencies: Dependencies): Promise<FastifyInstance> {
  const { config, log } = dependencies;
  const app = fastify({
    loggerInstance: log,
    // Fastify's own request log has the whole URL, and so the TOKEN of a query; see logRequests.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: (error, request, reply) => sendProblem(config.PUBLIC_URL, error, request, reply),
    clientErrorHandler: (error, socket) => refuseUnreadable(config.PUBLIC_URL, error, socket),
  }) as unknown as FastifyInstance;

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => sendError(config.PUBLIC_URL, error, request, reply));
  app.setNotFoundHandler(async () => {
    throw problem('not-found', 'No page and no resource has this address.');
  });
  logRequests(app);
  countRequests(app, dependencies.metrics);
  // First, so that scripts can read of refusals, too.
  allowOrigins(app, config.CORS_ORIGINS);
  // Before any route sees a path that it might understand differently than the guards do.
  app.addHook('onRequest', async (request) => {
    pathSegments(splitTarget(request.raw.url ?? '').path);
    const { id } = (request.params ?? {}) as { id?: string };
    if (id !== undefined) request.log = request.log.child({ exportId: id });
  });

  const secure = config.PUBLIC_URL.startsWith('https:');
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    strictTransportSecurity: secure,
    // Browsers heed it over TLS alone, and complain of it elsewhere.
    crossOriginOpenerPolicy: secure,
    // A form of ours says on which page it stands; nobody else learns it.
    referrerPolicy: { policy: 'same-origin' },
  });
  await app.register(cookie);
  const sessions = new Sessions(new SessionService(dependencies.db), {
    secrets: config.AUTH_SECRET,
    publicUrl: config.PUBLIC_URL,
    hours: config.SESSION_HOURS,
  });
  app.decorate('pageContexts', new PageContexts(sessions, config.AUTH_SECRET));
  await app.register(swagger, openapi(config.PUBLIC_URL));

  documentProblems(app);
  const live = liveOf(dependencies);
  app.addHook('preClose', async () => live.streams.endAll());
  for (const routes of [
    serviceRoutes,
    schemaRoutes,
    tokenRoutes,
    platformRoutes,
    exportRoutes,
    fileRoutes,
    bulkRoutes,
    downloadRoutes,
    keepRoutes,
    pageRoutes,
  ]) {
    await app.register(async (scope) => routes(scope, { ...dependencies, live }));
  }
  return app;
}

/** Says in the API document, for every route that is in it, what its errors look like. */
function documentProblems(app: FastifyInstance): void {
  app.addHook('onRoute', ({ schema }) => {
    if (!schema || schema.hide) return;
    const content = { [PROBLEM_JSON]: { schema: problemSchema } };
    schema.response = { ...(schema.response ?? {}), default: { description: 'A problem (RFC 9457)', content } };
  });
}

/** One line for each answer: never the query, which may hold a token. */
function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { path } = splitTarget(request.raw.url ?? '');
    const { id: exportId } = (request.params ?? {}) as { id?: string };
    const line = {
      method: request.method,
      path,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      exportId,
    };
    const quiet = ['/healthz', '/readyz', '/metrics'].includes(path);
    request.log[quiet ? 'debug' : 'info'](line, 'answered');
  });
}

/** Counts each answer under its route's pattern: addresses that nobody ever made a route for are one and the same. */
function countRequests(app: FastifyInstance, { httpRequests }: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode };
    httpRequests.observe(labels, reply.elapsedTime / 1000);
  });
}

/** Answers what could not be read as HTTP at all, and closes the connection. */
function refuseUnreadable(publicUrl: string, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer = problem('bad-request', 'What arrived is not an HTTP request that can be read.');
  const body = JSON.stringify(problemDocument(answer, publicUrl, randomUUID()));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: ${PROBLEM_JSON}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
