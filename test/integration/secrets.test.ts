/** The token that opens a platform is in the request, sealed in one row while it is needed, and nowhere else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { databaseText, found, redisText, storageText } from '../support/haystack.js';
import { type PlatformStack, startPlatformStack } from '../support/platform-stack.js';

const TOKEN = 'secret-6b1e0c4fd2a947a8-token';

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

  /** Looks everywhere. Each place must hold what it is known to hold, or the look would prove nothing. */
  async function look(): Promise<Record<string, string>> {
    const places: Record<string, string> = {
      database: await databaseText(stack.database.db),
      ...(engine === 'redis' ? { redis: await redisText(stack.queueUrl, stack.queuePrefix) } : {}),
      producer: stack.producer.output(),
      worker: stack.workers.map(({ output }) => output()).join('\n'),
      hooks: JSON.stringify(ids.map((id) => stack.hooks.calls(id))),
    };
    return places;
  }

  function expectNoToken(places: Record<string, string>): void {
    expect(found({ token: TOKEN }, places)).toEqual([]);
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
    const storage = storageText(
      stack.storageDir,
      ids.flatMap((id) => stack.stored(id)),
    );
    expect(storage).toContain('party_id');
    expectNoToken({ ...(await look()), mails: mails.join('\n'), storage });
    expect(await sealed()).toEqual([]);
  });
});
