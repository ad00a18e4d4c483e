/** Follow-ups from the outbox to a real mail server and a real endpoint, through the queues of both engines. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SmtpCatcher, startSmtpCatcher } from '@parcelpost/infra/services/smtp-catcher.js';
import { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { FollowUps } from '@parcelpost/shared/db/services/follow-ups.js';
import { type OutboxRow, OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import { RefusedJobs } from '@parcelpost/shared/db/services/refused-jobs.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { migrateQueues, openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import type { CanvasHook } from '@parcelpost/shared/signatures/place.js';
import type { SignatureOptions } from '@parcelpost/shared/signatures/signature.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PostponedError } from '../../apps/worker/src/follow-ups/errors.js';
import { createFollowUpHandlers, type FollowUpHandlers } from '../../apps/worker/src/follow-ups/handlers.js';
import type { FollowUpHandler } from '../../apps/worker/src/follow-ups/types.js';
import type { WorkerDeps } from '../../apps/worker/src/processors/deps.js';
import { startWorker } from '../../apps/worker/src/worker.js';
import { releaseCanvas, SIGNATURE_SECRETS } from '../support/canvas.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ENGINES, queueUrlFor, uniquePrefix } from '../support/engines.js';
import { PUBLIC_URL } from '../support/follow-ups.js';
import { testWrites } from '../support/writes.js';

const log = createLogger('test', 'silent');
const MINUTE_MS = 60_000;

describe.each(ENGINES)('follow-ups on the %s engine', (engine) => {
  let database: TestDatabase;
  let queues: Queues;
  let relay: OutboxRelay;
  let outbox: OutboxService;
  let smtp: SmtpCatcher;
  let handlers: FollowUpHandlers;
  let endpoint: Server;
  let hook: string;
  let calls: { at: number; headers: IncomingHttpHeaders; body: { type: string } }[];
  let answer: (response: ServerResponse) => void;
  const running = new Set<{ stop(): Promise<void> }>();

  beforeAll(async () => {
    database = await createTestDatabase();
    const url = queueUrlFor(engine, database.url);
    const prefix = uniquePrefix();
    await migrateQueues(url, prefix);
    queues = openQueues(url, { prefix, log });
    relay = new OutboxRelay({ db: database.db, queues, log, exportsInFlight: 0 });
    outbox = new OutboxService(database.db);
    smtp = await startSmtpCatcher();
    handlers = createFollowUpHandlers({
      email: { smtpUrl: smtp.url, from: 'Parcelpost <post@maps.example.org>', publicUrl: PUBLIC_URL },
      webhook: { secrets: ['a secret of more than 24 characters'], allowPrivate: true },
      bundles: { removeReplaced: async () => 0 },
      nextExports: { writes: testWrites(database.db), relay, publicUrl: PUBLIC_URL },
    });
    endpoint = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      calls.push({ at: Date.now(), headers: request.headers, body: JSON.parse(body) });
      answer(response);
    });
    endpoint.listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    hook = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`;
  });

  beforeEach(() => {
    calls = [];
    answer = (response) => response.writeHead(204).end();
  });

  afterEach(async () => {
    for (const worker of running) await worker.stop();
    running.clear();
  });

  afterAll(async () => {
    endpoint?.closeAllConnections();
    await handlers?.close();
    await smtp?.stop();
    await new Promise((done) => endpoint?.close(done));
    await queues?.close();
    await database?.drop();
  });

  async function startOne(other: [string, FollowUpHandler][] = []): Promise<{ stop(): Promise<void> }> {
    const { db } = database;
    const deps: Partial<WorkerDeps> = {
      db,
      exports: new ExportService(db),
      jobs: new ExportJobService(db),
      files: new FileService(db),
      outbox,
      followUps: new FollowUps(db),
      refusedJobs: new RefusedJobs(db),
      writes: testWrites(db),
      metrics: createMetrics('worker'),
      signatureSecrets: SIGNATURE_SECRETS,
      routes: [],
      queues,
      relay,
      log,
    };
    const worker = await startWorker({
      deps: deps as WorkerDeps,
      handlers: new Map([...handlers.handlers, ...other]),
      queues: ['msg', 'webhook'],
      concurrency: 2,
      lockMs: 30_000,
      sweepMs: MINUTE_MS,
    });
    running.add(worker);
    return worker;
  }

  /** Writes a decided export with its follow-ups, as the decision does, and relays them. Returns their ids. */
  async function release(
    hookName: CanvasHook,
    list: { task: string; args: object }[],
    options: SignatureOptions = { backoff: 10 },
  ): Promise<string[]> {
    const signatures = list.map((one) => ({ ...one, options }));
    const { id } = await releaseCanvas(database.db, signatures, { hook: hookName });
    await relay.run();
    return list.map((_, position) => id(`${hookName}/${position}`));
  }

  const email = { task: 'msg.email', args: { to: ['ana@example.org'] } };
  const webhook = () => ({ task: 'webhook.post', args: { url: hook } });

  async function settled(id: string | undefined): Promise<OutboxRow> {
    return vi.waitFor(
      async () => {
        const row = await outbox.get(id as string);
        if (row?.state !== 'done' && row?.state !== 'failed') throw new Error(`follow-up ${id} is ${row?.state}`);
        return row;
      },
      { timeout: 20_000, interval: 20 },
    );
  }
  const mailsOf = (id: string | undefined) =>
    smtp.mails().filter(({ messageId }) => messageId === `${id}@maps.example.org`);
  const callsOf = (id: string | undefined) => calls.filter(({ headers }) => headers['webhook-id'] === id);

  it('each runs once in the queue of its task, bearing its own id, and its row says what came of it', async () => {
    await startOne();
    const [mailId, hookId] = await release('onSuccess', [email, webhook()]);
    expect(await settled(mailId)).toMatchObject({
      state: 'done',
      attempts: 1,
      error: null,
      result: { messageId: `<${mailId}@maps.example.org>`, accepted: ['ana@example.org'], refused: [] },
    });
    expect(await settled(hookId)).toMatchObject({ state: 'done', attempts: 1, error: null, result: { status: 204 } });
    expect(mailsOf(mailId)).toHaveLength(1);
    expect(callsOf(hookId)).toHaveLength(1);
    expect(callsOf(hookId)[0]?.body.type).toBe('export.completed');
  });

  it('relayed again after it was done, a follow-up is not run again', async () => {
    await startOne();
    const [id] = await release('onFailure', [webhook()]);
    await settled(id);
    await database.db('outbox').where({ id }).update({ state: 'pending' });
    const [after] = await release('onFailure', [webhook()]);
    await settled(after);
    expect(callsOf(id)).toHaveLength(1);
    expect(callsOf(id)[0]?.body.type).toBe('export.failed');
  });

  it('one that is postponed is begun again later, and that costs no try', async () => {
    const attempts: number[] = [];
    const later: FollowUpHandler = async (_input, _args, { attempt }) => {
      if (attempts.push(attempt) > 4) return 'in its turn';
      throw new PostponedError('too-many-exports', 'Not yet.', 20, MINUTE_MS);
    };
    await startOne([['webhook.post', later]]);
    const [id] = await release('onSuccess', [webhook()], { attempts: 2, backoff: 10 });
    expect(await settled(id)).toMatchObject({ state: 'done', attempts: 1, error: null, result: 'in its turn' });
    expect(attempts).toEqual([1, 1, 1, 1, 1]);
  });

  it('one that is postponed for longer than it has patience fails of it', async () => {
    const never: FollowUpHandler = async () => {
      throw new PostponedError('too-many-exports', 'Not yet.', 20, 100);
    };
    await startOne([['webhook.post', never]]);
    const [id] = await release('onSuccess', [webhook()]);
    expect(await settled(id)).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'too-many-exports' } });
  });

  it('a mail server that refuses for now costs tries, not the mail', async () => {
    await startOne();
    smtp.refuseNext(2, 451);
    const [id] = await release('onSuccess', [email]);
    expect(await settled(id)).toMatchObject({ state: 'done', attempts: 3, error: null });
    expect(mailsOf(id)).toHaveLength(1);
  });

  it('tries end at the number that was asked for, and the last reason stays', async () => {
    await startOne();
    answer = (response) => response.writeHead(500).end();
    const [id] = await release('onSuccess', [webhook()], { attempts: 3, backoff: 10 });
    expect(await settled(id)).toMatchObject({ state: 'failed', attempts: 3, error: { code: 'webhook-refused' } });
    expect(callsOf(id)).toHaveLength(3);
    expect(new Set(callsOf(id).map(({ headers }) => headers['webhook-signature'])).has(undefined)).toBe(false);
  });

  it('an endpoint that is gone ends its follow-up at the first try and leaves the others alone', async () => {
    await startOne();
    answer = (response) => response.writeHead(410).end();
    const [hookId, mailId] = await release('onFailure', [webhook(), email]);
    expect(await settled(hookId)).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'webhook-gone' } });
    expect(await settled(mailId)).toMatchObject({ state: 'done' });
    expect(callsOf(hookId)).toHaveLength(1);
  });

  it('an endpoint that asks for a pause gets it', async () => {
    await startOne();
    answer = (response) => {
      if (calls.length === 1) response.writeHead(503, { 'retry-after': '1' }).end();
      else response.writeHead(200).end();
    };
    const [id] = await release('onSuccess', [webhook()]);
    expect(await settled(id)).toMatchObject({ state: 'done' });
    const [first, second] = callsOf(id);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(950);
  });

  it('an endpoint that asks for pauses for ever uses up its tries', async () => {
    await startOne();
    answer = (response) => response.writeHead(503, { 'retry-after': '1' }).end();
    const [id] = await release('onSuccess', [webhook()], { attempts: 2, backoff: 10 });
    expect(await settled(id)).toMatchObject({ state: 'failed', attempts: 2 });
    expect(callsOf(id)).toHaveLength(2);
  });

  it('one whose worker stops meanwhile goes out from the next worker, under the same id', async () => {
    const first = await startOne();
    const asked = new Promise<void>((done) => {
      answer = () => done();
    });
    const [id] = await release('onSuccess', [webhook()]);
    await asked;
    await first.stop();
    running.delete(first);
    expect(await outbox.get(id as string)).toMatchObject({ state: 'active' });
    answer = (response) => response.writeHead(200).end();
    await startOne();
    expect(await settled(id)).toMatchObject({ state: 'done', attempts: 1 });
    expect(callsOf(id)).toHaveLength(2);
  });
});
