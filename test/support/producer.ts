/** A producer inside the test's own process, on a database with a few people and projects. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Database } from '@parcelpost/shared/db/database.js';
import type { Limits } from '@parcelpost/shared/db/services/limits.js';
import { PlacesInQueue } from '@parcelpost/shared/db/services/places-in-queue.js';
import { createLogger, type Logger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { declaredPipeline } from '@parcelpost/shared/pipeline/pipeline.js';
import { createRegistry } from '@parcelpost/shared/signatures/registry.js';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { mintSessionToken } from '@parcelpost/shared/tokens/session-token.js';
import { secretKeys } from '@parcelpost/shared/tokens/token-keys.js';
import type { FastifyInstance } from 'fastify';
import type { Dependencies, ServerConfig } from '../../apps/producer/src/dependencies.js';
import { CSRF_FIELD, csrfToken } from '../../apps/producer/src/pages/csrf.js';
import { buildServer } from '../../apps/producer/src/server.js';
import { createTestDatabase } from './database.js';
import { testWrites } from './writes.js';

export const TOKEN_SECRET = 'token secret of the tests with more than 32 characters';
export const TOKEN_KEYS = secretKeys([TOKEN_SECRET]);
export const AUTH_SECRET = 'auth secret of the tests with more than 32 characters';
export const SIGNATURE_SECRET = 'signature secret of the tests with more than 32 characters';
export const SEAL_SECRET = 'seal secret of the tests with more than 32 characters';
export const PUBLIC_URL = 'http://parcelpost.example.org';

export interface TestProducer {
  url: string;
  port: number;
  /** Connected as the owner of the tables; the producer itself is not. */
  db: Database;
  /** What the producer itself asks the database by. */
  ownDb: Database;
  /** Its address as the producer has it. */
  ownUrl: string;
  storage: Storage;
  app: FastifyInstance;
  /** Ids of `ana` (administrator of cadasta), `ben` (in cadasta/london-2 only) and `eve` (nowhere). */
  users: Record<'ana' | 'ben' | 'eve', string>;
  /** How often the outbox was asked to be relayed. */
  relayed(): number;
  /** `Authorization` of a user. */
  bearer(user: string): Record<string, string>;
  close(): Promise<void>;
}

/** Starts one. `changes` are to its configuration, `tasks` are known beside the built-in ones, `log` takes the place of silence. */
export async function startProducer(
  options: {
    changes?: Partial<ServerConfig>;
    log?: Logger;
    tasks?: Parameters<typeof createRegistry>[0];
    over?: Partial<Dependencies>;
    limits?: Limits;
    quota?: { mb: number };
  } = {},
): Promise<TestProducer> {
  const { db, urls, as, drop } = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'parcelpost-producer-'));
  const storage = openStorage(pathToFileURL(folder).href);
  const users = await insertPeopleAndProjects(db);
  let relayed = 0;
  const app = await buildServer({
    config: {
      PUBLIC_URL,
      CORS_ORIGINS: [],
      TOKEN_KEYS,
      AUTH_SECRET: [AUTH_SECRET],
      SEAL_SECRET: [SEAL_SECRET],
      SIGNATURE_SECRET: [SIGNATURE_SECRET],
      TOKEN_HOURS: 12,
      EXPORT_DEADLINE_MINUTES: 60,
      SAMPLE_SIGN_IN: false,
      SESSION_HOURS: 24,
      OIDC: undefined,
      PLATFORM_API_URL: undefined,
      UPLOAD_MAX_MB: 1,
      UPLOAD_TTL_HOURS: 24,
      UPLOADS_PER_PERSON: 50,
      UPLOADS_PER_PERSON_MB: 1000,
      BULK_LIMIT: 3,
      BULK_ITEMS: 60,
      BULKS_OPEN_PER_PERSON: 3,
      SWEEP_SECONDS: 0.2,
      EVENT_STREAMS: 1000,
      EVENT_STREAMS_PER_PERSON: 1000,
      ...options.changes,
    },
    pipeline: declaredPipeline(),
    tasks: createRegistry(options.tasks),
    log: options.log ?? createLogger('producer', 'silent'),
    metrics: createMetrics('producer'),
    db: as('producer'),
    places: new PlacesInQueue(as('producer')),
    storage,
    writes: testWrites(as('producer'), {
      unmasked: false,
      ...(options.limits && { limits: options.limits }),
      ...(options.quota && { quota: options.quota }),
      ...(options.log && { log: options.log }),
    }),
    relay: {
      run: async () => {
        relayed++;
      },
    },
    pingQueues: async () => {},
    listenToJobs: () => async () => {},
    snapshots: { openFor: async () => undefined },
    onDecided: () => {},
    ...options.over,
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    db,
    ownDb: as('producer'),
    ownUrl: urls.producer,
    storage,
    app,
    users,
    relayed: () => relayed,
    bearer: (user) => ({ authorization: `Bearer ${mintAuthToken(user, [AUTH_SECRET])}` }),
    close: async () => {
      await app.close();
      await drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The projects are cadasta/london-2 (private), cadasta/london-20 (private), cadasta/open (public) and
 * us-census/counties (private); none has records yet.
 */
export async function insertPeopleAndProjects(db: Database): Promise<TestProducer['users']> {
  const ids: Record<string, string> = {};
  const insert = async (table: string, key: string, row: object) => {
    const [inserted] = await db(table).insert(row).returning('id');
    ids[key] = inserted.id;
  };
  for (const [username, name] of [
    ['ana', 'Ana Álvarez'],
    ['ben', 'Ben <b>'],
    ['eve', 'Eve'],
  ]) {
    await insert('users', `${username}`, { username, name, email: `${username}@example.org` });
  }
  await insert('organizations', 'cadasta', { slug: 'cadasta', name: 'Cadasta' });
  await insert('organizations', 'us-census', { slug: 'us-census', name: 'US Census' });
  for (const [organization, slug, name, access] of [
    ['cadasta', 'london-2', 'London "2"', 'private'],
    ['cadasta', 'london-20', 'London 20', 'private'],
    ['cadasta', 'open', 'Open to all', 'public'],
    ['us-census', 'counties', 'Counties', 'private'],
  ]) {
    await insert('projects', `${organization}/${slug}`, {
      organization_id: ids[`${organization}`],
      slug,
      name,
      access,
      country: 'GB',
    });
  }
  await db('memberships').insert([
    { user_id: ids.ana, organization_id: ids.cadasta, role: 'administrator' },
    { user_id: ids.ben, organization_id: ids.cadasta, project_id: ids['cadasta/london-2'], role: 'project_user' },
  ]);
  return { ana: `${ids.ana}`, ben: `${ids.ben}`, eve: `${ids.eve}` };
}

/** The id of a project. */
export async function projectId(db: Database, slug: string): Promise<string> {
  return (await db('projects').where({ slug }).first('id')).id;
}

/** Sends a form, as a browser does: with the token that its page has for the session, or for a visitor without one. */
export const sendForm = (
  at: TestProducer,
  target: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> => {
  const { cookie = 'parcelpost_visitor=somebody; __Host-parcelpost_visitor=somebody', ...others } = headers;
  const bound = cookie.split(';')[0]?.split('=')[1] ?? '';
  return send(at.port, target, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, ...others },
    body: new URLSearchParams({ [CSRF_FIELD]: csrfToken([AUTH_SECRET], bound), ...fields }).toString(),
  });
};

const sessions = new Map<string, string>();

/** The cookie of a user who is signed in: one session of each user. */
export function session(user: string): { cookie: string } {
  const token = sessions.get(user) ?? mintSessionToken(user, [AUTH_SECRET]);
  sessions.set(user, token);
  return { cookie: `parcelpost_session=${token}` };
}

let requests = 0;

/** The body of a request with a follow-up of its own, so that it does not join another that is running. */
export function unlikeOthers(body: object): object {
  return { onFailure: [{ task: 'webhook.post', args: { url: `https://example.org/hook/${++requests}` } }], ...body };
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests
  json: any;
}

/** Sends a request whose target goes over the wire as it stands: nothing resolves `..` or encodes anything. */
export function send(
  port: number,
  target: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer | object } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  const json = typeof body === 'object' && !Buffer.isBuffer(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path: target,
        method,
        headers: { ...(json && { 'content-type': 'application/json' }), ...headers },
        agent: false,
      },
      async (response) => {
        try {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk);
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: bytes,
            text,
            get json() {
              return JSON.parse(text);
            },
          });
        } catch (error) {
          reject(error);
        }
      },
    );
    request.on('error', reject);
    request.end(json ? JSON.stringify(body) : (body as string | Buffer | undefined));
  });
}
