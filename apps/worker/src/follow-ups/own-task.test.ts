import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FollowUpInput } from '@parcelpost/shared/export-result.js';
import { loadOwnTasks, type OwnTask } from '@parcelpost/shared/signatures/own-tasks.js';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  EXPORT_ID,
  FOLLOW_UP_ID,
  failureInput,
  faultInput,
  followUpContext,
  NO_INPUT,
  PAGE,
  successInput,
  valueInput,
} from '../../../../test/support/follow-ups.js';
import { ROOT } from '../../../../test/support/root.js';
import { type FollowUpError, PermanentFollowUpError, RetryAfterError } from './errors.js';
import { ownTaskHandler } from './own-task.js';

type Handle = OwnTask['handle'];
const handler = (handle: Handle) => ownTaskHandler({ args: z.object({ n: z.int().default(1) }), handle });
const failing = (running: Promise<unknown>) =>
  running.then(
    () => expect.fail('should have failed'),
    (error: FollowUpError) => error,
  );

describe('what an own task is given', () => {
  it('its input bare, its arguments as its schema reads them, and of the context what is its business', async () => {
    const handle = vi.fn<Handle>();
    const sealed = { token: 'sealed', next: {} };
    const end = failureInput();
    const context = followUpContext({ attempt: 3, sealed, end });
    await handler(handle)(valueInput(['a', null]), {}, context);
    const { signal, log } = context;
    expect(handle.mock.calls).toEqual([
      [['a', null], { n: 1 }, { followUpId: FOLLOW_UP_ID, exportId: EXPORT_ID, attempt: 3, signal, log, end }],
    ]);
  });

  it('nothing when its arguments are not its own', async () => {
    const handle = vi.fn<Handle>();
    const error = await failing(handler(handle)(NO_INPUT, { n: 'x' }, followUpContext()));
    expect(error).toMatchObject({ name: 'PermanentFollowUpError', code: 'bad-arguments' });
    expect(error.message).toMatch(/^args\.n: /);
    expect(handle).not.toHaveBeenCalled();
  });
});

describe('what an own task returns', () => {
  it.each([
    [undefined, null],
    [0, 0],
    ['x', 'x'],
    [{ at: new Date(0), none: undefined }, { at: '1970-01-01T00:00:00.000Z' }],
  ])('%j is kept as plain JSON, whether promised or given at once', async (value, kept) => {
    expect(await handler(() => value)(NO_INPUT, {}, followUpContext())).toEqual(kept);
    expect(await handler(async () => value)(NO_INPUT, {}, followUpContext())).toEqual(kept);
  });

  const round: unknown[] = [];
  round.push(round);
  it.each([[1n], [() => 1], [Symbol('x')], [round]])('what is not JSON ends it for good (%#)', async (value) => {
    const error = await failing(handler(() => value)(NO_INPUT, {}, followUpContext()));
    expect(error).toMatchObject({ name: 'PermanentFollowUpError', code: 'bad-result' });
  });
});

describe('what an own task throws', () => {
  const thrown = (value: unknown) =>
    failing(
      handler(() => {
        throw value;
      })(NO_INPUT, {}, followUpContext()),
    );

  it('is tried again, with the first line of its message and a code of its own', async () => {
    const plain = await thrown(new Error('no room\nat some line'));
    expect(plain).toMatchObject({ name: 'FollowUpError', code: 'task-failed', message: 'no room' });
    const coded = await thrown(Object.assign(new Error('no room'), { code: 'disk-full' }));
    expect(coded).toMatchObject({ name: 'FollowUpError', code: 'disk-full', cause: { message: 'no room' } });
  });

  it.each([
    ['just a text', 'just a text'],
    [undefined, 'The task failed and did not say why.'],
    [new Error(''), 'The task failed and did not say why.'],
    [Object.assign(new Error('lost'), { code: 'ECONNRESET' }), 'lost'],
    [new Error('x'.repeat(9_000)), 'x'.repeat(500)],
  ])('is told, whatever it is (%#)', async (value, message) => {
    expect(await thrown(value)).toMatchObject({ name: 'FollowUpError', code: 'task-failed', message });
  });

  it('ends it for good where it says permanent', async () => {
    const error = await thrown(Object.assign(new Error('no such register'), { permanent: true }));
    expect(error).toBeInstanceOf(PermanentFollowUpError);
    expect(await thrown(Object.assign(new Error('maybe'), { permanent: 'no' }))).not.toBeInstanceOf(
      PermanentFollowUpError,
    );
  });

  it.each([
    [90_000, 90_000],
    [0, 1_000],
    [Number.POSITIVE_INFINITY, 86_400_000],
  ])('is tried again after the pause that it names: %d ms', async (retryAfterMs, pause) => {
    const error = await thrown(Object.assign(new Error('later'), { retryAfterMs }));
    expect(error).toBeInstanceOf(RetryAfterError);
    expect(error).toMatchObject({ retryAfterMs: pause });
  });

  it('names a pause that makes no sense in vain', async () => {
    for (const retryAfterMs of [Number.NaN, -1, '60', null]) {
      expect((await thrown(Object.assign(new Error('later'), { retryAfterMs }))).name).toBe('FollowUpError');
    }
  });
});

it('an own task that its signal stopped throws the signal’s reason, whatever it says itself', async () => {
  const stop = new AbortController();
  const reason = new Error('shutdown');
  const running = handler((_input, _args, { signal }) => {
    stop.abort(reason);
    return signal.aborted ? Promise.reject(new Error('AbortError or the like')) : 'not stopped';
  })(NO_INPUT, {}, followUpContext({ signal: stop.signal }));
  await expect(running).rejects.toBe(reason);
});

describe('the example of the documentation', () => {
  const said: { id: string; channel: string; text: string }[] = [];
  let answer: (response: ServerResponse) => void;
  let example: Record<'chat.say' | 'register.number', OwnTask>;
  beforeAll(async () => {
    example = (await loadOwnTasks(`${ROOT}docs/examples/own-tasks.mjs`)) as typeof example;
  });
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    said.push(JSON.parse(text));
    answer(response);
  });
  beforeEach(async () => {
    said.length = 0;
    answer = (response) => response.writeHead(200).end('ok');
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    vi.stubEnv('CHAT_WEBHOOK_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/T000/s3cret`);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const say = (input: FollowUpInput = successInput(), args: Record<string, unknown> = { channel: 'land-office' }) =>
    ownTaskHandler(example['chat.say'])(input, args, followUpContext());

  it('says a line about whatever it gets', async () => {
    for (const input of [successInput(), failureInput(), faultInput(), valueInput({ number: 'A/1' }), NO_INPUT]) {
      expect(await say(input)).toEqual({ channel: 'land-office' });
    }
    expect(said.map(({ text }) => text)).toEqual([
      `The export of London 2 is ready: ${PAGE}`,
      'The export of London 2 failed: The platform answered 502 to the list of parties, eight times in a row.',
      'webhook.post failed after the export of London 2: https://gis.example.org answered 500; a webhook is taken by answering 2xx.',
      'After the export of London 2: {"number":"A/1"}',
      'The export of London 2 has ended.',
    ]);
    expect(new Set(said.map(({ id }) => id))).toEqual(new Set([FOLLOW_UP_ID]));
  });

  it('takes the chat’s refusals for what they are', async () => {
    answer = (response) => response.writeHead(404).end();
    expect(await failing(say())).toMatchObject({ name: 'PermanentFollowUpError', code: 'no-such-channel' });
    answer = (response) => response.writeHead(429, { 'retry-after': '30' }).end();
    expect(await failing(say())).toMatchObject({ name: 'RetryAfterError', retryAfterMs: 30_000 });
    answer = (response) => response.writeHead(500).end();
    const error = await failing(say());
    expect(error).toMatchObject({ name: 'FollowUpError', message: 'the chat answered 500' });
    expect(await failing(say(successInput(), { channel: 'Land Office' }))).toMatchObject({ code: 'bad-arguments' });
  });

  it('gives the same number at every try', async () => {
    const number = ownTaskHandler(example['register.number']);
    const tries = [1, 2].map((attempt) => number(NO_INPUT, { register: 'A' }, followUpContext({ attempt })));
    expect(await Promise.all(tries)).toEqual(Array(2).fill({ number: 'A/2026/0b8f6f0e' }));
  });
});
