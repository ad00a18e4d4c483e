/** What a run mints and holds in secret is in nothing that the run leaves behind, and what it minted ends with it. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@parcelpost/shared/log.js';
import { openQueues } from '@parcelpost/shared/queues/queues.js';
import type { SealedTokens } from '@parcelpost/shared/signatures/signature.js';
import { unseal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { databaseTexts, found, redisText, storageText } from '../support/haystack.js';
import { next } from '../support/next-exports.js';
import { until } from '../support/platform-stack.js';
import { type Stack, startStack } from '../support/stack.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const base = '/api/v1/organizations/cadasta/projects/london-2/';

describe.concurrent.each(ENGINES)('on the %s engine', (engine) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      engine,
      workers: 0,
      samples: ['cadasta/london-2'],
      producerEnv: { LOG_LEVEL: 'trace', TOKEN_KEYS: PEM.replaceAll('\n', '\\n') },
      workerEnv: { LOG_LEVEL: 'trace' },
    });
  });
  afterAll(() => stack?.stop());

  const read = async (token: string) => {
    const answer = await fetch(`${stack.producer.url}${base}?TOKEN=${token}`);
    return answer.status === 200 ? '200' : ((await answer.json()) as { type: string }).type.split('/').at(-1);
  };

  test('no token, key, secret or password of a run can be read in database, queue, storage, logs or mails', async () => {
    const { db } = stack.database;
    const api = await stack.as('ana');
    const mail = { task: 'msg.email', args: { to: 'ana@example.org' } };
    const body = { formats: ['csv'], onSuccess: [mail, next('london-2', { onSuccess: [mail] })] };
    const { id } = await api.requestExport('cadasta/london-2', body);

    // No worker runs yet, so that the tokens are still there to be opened.
    const row = await db('exports').where({ id }).first();
    const open = (sealed: string, of: string) => JSON.parse(unseal(sealed, [stack.secrets.SEAL_SECRET], of)).token;
    const [nextSealed] = Object.values(row.next_tokens as SealedTokens);
    const [nextRow] = await db('scoped_tokens').whereNot({ export_id: id });
    const token: string = open(row.sealed_token, id);
    const nextToken: string = open(nextSealed?.token ?? '', nextRow.export_id);
    expect([await read(token), await read(nextToken)]).toEqual(['200', 'token-not-yet-valid']);

    await stack.startWorker();
    expect((await api.waitForOutcome(id)).state).toBe('completed');
    const outcomeOf = async (of: string) => (await db('exports').where({ id: of }).first('outcome'))?.outcome;
    await until('the next export is completed', async () => (await outcomeOf(nextRow.export_id)) === 'completed');
    await until('both mails are there', async () => stack.smtp.mails().length === 2);
    // The news of the decisions reach the guard.
    for (const one of [token, nextToken]) {
      await until('the token is revoked', async () => (await read(one)) === 'token-revoked');
    }

    const parts = (of: string, it: string) => ({
      [`claims of ${of}`]: it.split('.')[1],
      [`signature of ${of}`]: it.split('.')[2],
    });
    const passwords = Object.entries(stack.database.urls).map(([role, url]) => [
      `password of ${role}`,
      decodeURIComponent(new URL(url).password),
    ]);
    const secrets = {
      token,
      nextToken,
      ...parts('the token', token),
      ...parts('the next token', nextToken),
      bearer: api.token,
      ...stack.secrets,
      'private key': PEM.split('\n')[3],
      ...Object.fromEntries(passwords),
    } as Record<string, string>;
    for (const [name, secret] of Object.entries(secrets)) expect(secret?.length, name).toBeGreaterThan(12);

    // Something that is in the queue alone, where nobody works on it: the look at the queue has to come upon it.
    const needle = randomUUID();
    const queues = openQueues(stack.queueUrl, { prefix: stack.queuePrefix, log: createLogger('test', 'silent') });
    await queues.queue('haystack').add('needle', { id, needle });
    await queues.close();

    const files = readdirSync(stack.storageDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const { [stack.queuePrefix]: queueTables = '', ...schemas } = await databaseTexts(db);
    const places: Record<string, string> = {
      database: Object.values(schemas).join('\n'),
      queue: engine === 'redis' ? await redisText(stack.queueUrl, stack.queuePrefix) : queueTables,
      producer: stack.producer.output(),
      worker: stack.workers.map(({ output }) => output()).join('\n'),
      mails: stack.smtp
        .mails()
        .map(({ raw }) => raw.replaceAll(/=\r?\n/g, ''))
        .join('\n'),
      storage: storageText('/', files),
    };
    // Each place holds what it is known to hold, or the look would prove nothing.
    for (const [place, text] of Object.entries(places)) {
      expect(text.includes(place === 'storage' ? 'party_id' : id), `${place} was looked into`).toBe(true);
    }
    expect(found(secrets, places)).toEqual([]);
    expect(found({ id }, places)).toContain('id in database');
    expect(found({ needle }, places)).toEqual(['needle in queue']);
  });
});
