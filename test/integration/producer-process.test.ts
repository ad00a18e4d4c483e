/** The producer as a process of its own: it starts on either engine, says what is wrong, and stops in order. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeQueues } from '@parcelpost/infra/database/migrate-all.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ENGINES, queueUrlFor, uniquePrefix } from '../support/engines.js';
import { type AppProcess, startProcess } from '../support/processes.js';
import {
  AUTH_SECRET,
  insertPeopleAndProjects,
  SEAL_SECRET,
  SIGNATURE_SECRET,
  send,
  TOKEN_SECRET,
} from '../support/producer.js';
import { ROOT } from '../support/root.js';

const EXPORTS = '/api/v1/organizations/cadasta/projects/london-2/exports';
let database: TestDatabase;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  await insertPeopleAndProjects(database.db);
  folder = await mkdtemp(join(tmpdir(), 'parcelpost-process-'));
  env = {
    DATABASE_URL: database.urls.producer,
    STORAGE_URL: pathToFileURL(folder).href,
    PUBLIC_URL: 'http://parcelpost.example.org',
    TOKEN_SECRET,
    AUTH_SECRET,
    SEAL_SECRET,
    SIGNATURE_SECRET,
  };
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a built program to its end. */
function run(program: string, args: string[], variables: Record<string, string>) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const { PATH, HOME } = process.env;
    const options = { env: { PATH, HOME, ...variables } };
    const file = join(ROOT, 'apps/producer/dist', program);
    execFile(process.execPath, [file, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** The token that the command line prints for a user. */
const tokenOf = async (user: string) => (await run('cli/token.js', [user], env)).stdout.trim();

describe.each(ENGINES)('with its queues on %s', (engine) => {
  let producer: AppProcess;
  beforeAll(async () => {
    const QUEUE_PREFIX = uniquePrefix();
    await makeQueues(queueUrlFor(engine, database.url), QUEUE_PREFIX);
    const QUEUE_URL = queueUrlFor(engine, database.urls.producer);
    producer = await startProcess('producer', { ...env, QUEUE_URL, QUEUE_PREFIX });
  });
  afterAll(() => producer?.kill('SIGKILL'));

  it('an export that is asked for goes into the queue, and a stop ends its events and the process', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('ben')}` };
    const asked = await send(producer.port, EXPORTS, { method: 'POST', headers, body: { outputType: 'shp' } });
    expect(asked.status).toBe(202);
    const { id } = asked.json;
    await expect
      .poll(async () => (await database.db('outbox').where({ export_id: id }).first()).state, { timeout: 10_000 })
      .toBe('entered');

    const events = await new Promise<AsyncIterator<string>>((resolve, reject) => {
      const call = request({ port: producer.port, path: `/api/v1/exports/${id}/events`, headers, agent: false });
      call.on('response', (response) => resolve(response.setEncoding('utf8')[Symbol.asyncIterator]()));
      call.on('error', reject).end();
    });
    let text = '';
    while (!text.includes('event: progress')) text += (await events.next()).value;

    const ended = producer.kill('SIGTERM');
    while (!(await events.next()).done) {
      // What was still on its way.
    }
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(producer.output()).toContain('"msg":"stopped"');
    for (const secret of [AUTH_SECRET, TOKEN_SECRET, SEAL_SECRET, headers.authorization.slice(7)]) {
      expect(producer.output()).not.toContain(secret);
    }
  });
});

it('does not start with a wrong environment, and names each wrong variable', async () => {
  const { code, stderr } = await run('main.js', [], {
    ...env,
    TOKEN_SECRET: 'short',
    QUEUE_URL: 'amqp://x',
    PORT: 'x',
  });
  expect(code).toBe(1);
  for (const name of ['TOKEN_SECRET is wrong', 'QUEUE_URL is wrong', 'PORT is wrong']) expect(stderr).toContain(name);
  expect(stderr).not.toContain('    at ');
});

describe('the command that prints a token', () => {
  it('prints nothing else, and needs no more than the database and the secret', async () => {
    const { code, stdout } = await run('cli/token.js', ['ana'], { DATABASE_URL: database.urls.producer, AUTH_SECRET });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });

  it('says who there is, if there is no such user', async () => {
    const { code, stdout, stderr } = await run('cli/token.js', ['nobody'], env);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('Known are: ana, ben, eve');
  });

  it('says how to call it', async () => {
    expect(await run('cli/token.js', [], env)).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage') });
    expect((await run('cli/token.js', ['ana', '-1'], env)).code).toBe(2);
  });
});
