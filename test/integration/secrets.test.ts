/** The token that opens a platform is in the request, sealed in one row while it is needed, and nowhere else. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { type PlatformStack, startPlatformStack } from '../support/platform-stack.js';

const TOKEN = 'secret-6b1e0c4fd2a947a8-token';

/** The token as text, and as the encodings in which it might lie about. */
const FORMS = [
  TOKEN,
  Buffer.from(TOKEN).toString('hex'),
  // Base64 by the three places at which a text can begin, without what its neighbours have a part in.
  ...[0, 1, 2].map((before) =>
    Buffer.from('.'.repeat(before) + TOKEN)
      .toString('base64')
      .slice(before === 0 ? 0 : before + 1, -4),
  ),
];

describe.concurrent.each(ENGINES)('on the %s engine', (engine) => {
  let stack: PlatformStack;
  let ids: string[];

  beforeAll(async () => {
    stack = await startPlatformStack(
      {
        parcels: 20,
        faults: [
          { match: '/projects/held/.*offset=0$', break: 'hold' },
          { match: '/projects/broken/.*offset=', status: 401 },
        ],
      },
      { engine, producerEnv: { LOG_LEVEL: 'trace' }, workerEnv: { LOG_LEVEL: 'trace', WORKER_CONCURRENCY: '16' } },
    );
  });
  afterAll(() => stack?.stop());

  /** Every row of every table of the database as text: ours, and the queue's where it is there. */
  async function databaseText(): Promise<string> {
    const { db } = stack.database;
    const tables = (await db('pg_tables').whereNotIn('schemaname', ['pg_catalog', 'information_schema'])) as {
      schemaname: string;
      tablename: string;
    }[];
    const parts: string[] = [];
    for (const { schemaname, tablename } of tables) {
      const { rows } = await db.raw<{ rows: { text: string }[] }>('select t::text as text from ??.?? t', [
        schemaname,
        tablename,
      ]);
      parts.push(...rows.map(({ text }) => text));
    }
    return parts.join('\n');
  }

  /** Everything below the queue's prefix in Redis, keys and values. */
  async function redisText(): Promise<string> {
    const redis = new Redis(stack.queueUrl);
    try {
      const read: Record<string, (key: string) => Promise<unknown>> = {
        string: (key) => redis.get(key),
        hash: (key) => redis.hgetall(key),
        list: (key) => redis.lrange(key, 0, -1),
        set: (key) => redis.smembers(key),
        zset: (key) => redis.zrange(key, '0', '-1'),
        stream: (key) => redis.xrange(key, '-', '+'),
        none: async () => null, // it went just now
      };
      const parts: string[] = [];
      for (const key of await redis.keys(`*${stack.queuePrefix}*`)) {
        const reader = read[await redis.type(key)];
        if (!reader) throw new Error(`no reader for ${key}`);
        parts.push(key, JSON.stringify(await reader(key)));
      }
      return parts.join('\n');
    } finally {
      await redis.quit();
    }
  }

  const storageText = () =>
    ids
      .flatMap((id) => stack.stored(id))
      .map((path) => join(stack.storageDir, path))
      .map((path) =>
        path.endsWith('.zip')
          ? execFileSync('unzip', ['-p', path], { maxBuffer: 1 << 26 }).toString('latin1')
          : readFileSync(path, 'latin1'),
      )
      .join('\n');

  /** Looks everywhere. Each place must hold what it is known to hold, or the look would prove nothing. */
  async function look(): Promise<Record<string, string>> {
    const places: Record<string, string> = {
      database: await databaseText(),
      ...(engine === 'redis' ? { redis: await redisText() } : {}),
      producer: stack.producer.output(),
      worker: stack.workers.map(({ output }) => output()).join('\n'),
      hooks: JSON.stringify(ids.map((id) => stack.hooks.calls(id))),
    };
    return places;
  }

  function expectNoToken(places: Record<string, string>): void {
    for (const [place, text] of Object.entries(places)) {
      for (const form of FORMS) expect(text.includes(form), `${place} holds ${form}`).toBe(false);
    }
  }

  test.sequential('the token is nowhere to be read while exports run, nor when they have ended', async () => {
    const mail = { task: 'msg.email', args: { to: 'ana@example.org' } };
    const webhook = { task: 'webhook.post', args: { url: stack.hooks.url('/') } };
    const both = { apiToken: TOKEN, onSuccess: [mail, webhook], onFailure: [mail, webhook] };
    ids = [];
    for (const project of ['held', 'fine', 'broken']) ids.push((await stack.ask(project, both)).id);
    const [held, fine, broken] = ids as [string, string, string];
    await stack.platform.waitForRequests('/projects/held/.*offset=0$', 3);
    expect((await stack.settled(fine)).state).toBe('completed');
    expect((await stack.settled(broken)).state).toBe('failed');

    const during = await look();
    for (const [place, text] of Object.entries(during)) {
      expect(text.includes(place === 'hooks' ? fine : held), `${place} was looked into`).toBe(true);
    }
    expectNoToken(during);
    const sealed = () => stack.database.db('exports').whereNotNull('sealed_token').pluck('id');
    expect(await sealed()).toEqual([held]);

    await stack.platform.release();
    expect((await stack.settled(held)).state).toBe('completed');
    const mails = stack.smtp.mails().map(({ raw }) => raw.replaceAll(/=\r?\n/g, ''));
    expect(mails).toHaveLength(3);
    const storage = storageText();
    expect(storage).toContain(fine);
    expectNoToken({ ...(await look()), mails: mails.join('\n'), storage });
    expect(await sealed()).toEqual([]);
  });
});
