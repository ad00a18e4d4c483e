/** Server-sent events: progress in rows as it comes, the end once, and no query while nobody watches. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { send, startProducer, type TestProducer, unlikeOthers } from '../support/producer.js';

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer();
});
afterAll(() => producer.close());

interface Stream {
  headers: Record<string, unknown>;
  /** The next event; undefined once the stream has ended. */
  next(): Promise<{ event: string; data: Record<string, unknown> } | undefined>;
  leave(): void;
}

async function requested(): Promise<string> {
  const { json } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(producer.users.ben),
    body: unlikeOthers({ outputType: 'shp' }),
  });
  return json.id;
}

/** Longer than it takes until all are looked at again. */
const LOOKS = { timeout: 10_000 };

/** Rejects where there is no stream. */
function watch(id: string, user = producer.users.ben): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: producer.port,
        path: `/api/v1/exports/${id}/events`,
        headers: producer.bearer(user),
        agent: false,
      },
      (response) => {
        response.on('error', () => {});
        if (response.statusCode !== 200) return reject(new Error(`${response.statusCode}`));
        const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]();
        let text = '';
        const next: Stream['next'] = async () => {
          for (;;) {
            const end = text.indexOf('\n\n');
            if (end >= 0) {
              const block = text.slice(0, end);
              text = text.slice(end + 2);
              const [, event] = /^event: (.*)$/m.exec(block) ?? [];
              const [, data] = /^data: (.*)$/m.exec(block) ?? [];
              if (event && data) return { event, data: JSON.parse(data) };
              continue;
            }
            const { value, done } = await chunks.next();
            if (done) return undefined;
            text += value;
          }
        };
        resolve({ headers: response.headers, next, leave: () => call.destroy() });
      },
    );
    call.on('error', reject);
    call.end();
  });
}

const job = (id: string, shard: number, rows: number, state: string) =>
  producer
    .db('export_jobs')
    .insert({ export_id: id, generation: 1, kind: 'map', step: 'parties', shard, state, rows, rows_expected: 100 })
    .onConflict(['export_id', 'generation', 'kind', 'step', 'shard'])
    .merge();

it('tells the rows as they come, then the end, once, and closes', async () => {
  const id = await requested();
  const stream = await watch(id);
  expect(stream.headers['content-type']).toContain('text/event-stream');
  expect(stream.headers['content-security-policy']).toBeDefined();
  expect(await stream.next()).toMatchObject({ event: 'progress', data: { id, state: 'waiting', rows: 0 } });
  await producer.db('exports').where({ id }).update({ started_at: new Date(), phase: 'reading' });
  await job(id, 0, 40, 'active');
  await job(id, 1, 2, 'active');
  for (let event = await stream.next(); ; event = await stream.next()) {
    expect(event?.event).toBe('progress');
    if (event?.data.rows !== 42) continue;
    expect(event.data).toMatchObject({ state: 'running', phase: 'reading', rows: 42, rowsExpected: 200, jobs: 2 });
    break;
  }
  await job(id, 0, 100, 'done');
  await job(id, 1, 100, 'done');
  await producer.db('exports').where({ id }).update({ outcome: 'completed', phase: 'decided', decided_at: new Date() });
  let last: Awaited<ReturnType<Stream['next']>>;
  for (let event = await stream.next(); event; event = await stream.next()) last = event;
  expect(last).toMatchObject({ event: 'end', data: { state: 'completed', rows: 200, jobsDone: 2 } });
});

it('an export that is decided ends the stream at once', async () => {
  const id = await requested();
  await producer.db('exports').where({ id }).update({ outcome: 'failed', phase: 'decided', decided_at: new Date() });
  const stream = await watch(id);
  expect(await stream.next()).toMatchObject({ event: 'end', data: { state: 'failed' } });
  expect(await stream.next()).toBeUndefined();
});

/** Exports that each look has asked for, for as long as it is not ended. */
function noteLooks(): { asked: number[]; end(): void } {
  const asked: number[] = [];
  const note = ({ sql, bindings }: { sql: string; bindings: unknown[] }) => {
    if (sql.includes('"waitsForTurn"')) asked.push((bindings[1] as string[]).length);
  };
  producer.ownDb.on('query', note);
  return { asked, end: () => void producer.ownDb.removeListener('query', note) };
}

it('however many watch, one query asks for all of them, and for none of those who left', async () => {
  const ids = [await requested(), await requested(), await requested()];
  const streams = await Promise.all([...ids, ...ids].map((id) => watch(id)));
  const { asked, end } = noteLooks();
  await expect.poll(() => asked.at(-1), LOOKS).toBe(3);
  for (const stream of streams.slice(1)) stream.leave();
  await expect.poll(() => asked.at(-1), LOOKS).toBe(1);
  expect(Math.max(...asked)).toBe(3);
  streams[0]?.leave();
  end();
});

// Short of `npm run bench:streams`, which has a thousand.
it('a hundred viewers of one export cost the database what one costs, and each sees the end within two seconds', async () => {
  const id = await requested();
  const streams = await Promise.all(Array.from({ length: 100 }, () => watch(id)));
  for (const stream of streams) expect((await stream.next())?.event).toBe('progress');
  const { asked, end } = noteLooks();
  await expect.poll(() => asked.length, LOOKS).toBeGreaterThanOrEqual(2);
  // A look a second, for one export.
  expect(new Set(asked)).toEqual(new Set([1]));
  expect(asked.length).toBeLessThanOrEqual(3);
  end();
  const decided = Date.now();
  await producer.db('exports').where({ id }).update({ outcome: 'failed', phase: 'decided', decided_at: new Date() });
  const toEnd = async (stream: Stream) => {
    let event = await stream.next();
    while (event?.event === 'progress') event = await stream.next();
    return event;
  };
  const last = await Promise.all(streams.map(toEnd));
  expect(Date.now() - decided).toBeLessThan(2000);
  expect(last.every((event) => event?.event === 'end' && event.data.state === 'failed')).toBe(true);
});

it('refuses streams beyond what a person may have, and beyond what a process keeps open, until one is closed', async () => {
  const before = producer;
  producer = await startProducer({ changes: { EVENT_STREAMS: 3, EVENT_STREAMS_PER_PERSON: 2 } });
  try {
    const id = await requested();
    const refusal = async (user: string) => {
      const { status, headers, json } = await send(producer.port, `/api/v1/exports/${id}/events`, {
        headers: producer.bearer(user),
      });
      return { status, again: headers['retry-after'], detail: json.detail };
    };
    const { ana, ben } = producer.users;
    const first = await watch(id);
    await watch(id);
    expect(await refusal(ben)).toMatchObject({ status: 503, again: '10', detail: expect.stringMatching(/You have 2/) });
    await watch(id, ana);
    expect(await refusal(ana)).toMatchObject({
      status: 503,
      again: '10',
      detail: expect.stringMatching(/Too many watch/),
    });
    first.leave();
    await expect
      .poll(
        () =>
          watch(id, ana).then(
            () => true,
            () => false,
          ),
        LOOKS,
      )
      .toBe(true);
  } finally {
    await producer.close();
    producer = before;
  }
});

it('closing the server ends the streams, so that it can stop', async () => {
  const own = await startProducer();
  const before = producer;
  producer = own;
  try {
    const stream = await watch(await requested());
    expect((await stream.next())?.event).toBe('progress');
    await own.close();
    expect(await stream.next()).toBeUndefined();
  } finally {
    producer = before;
  }
});
