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

function watch(id: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: producer.port,
        path: `/api/v1/exports/${id}/events`,
        headers: producer.bearer(producer.users.ben),
        agent: false,
      },
      (response) => {
        response.on('error', () => {});
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

it('however many watch, one query asks for all of them, and for none of those who left', async () => {
  const asked: number[] = [];
  const note = ({ sql, bindings }: { sql: string; bindings: unknown[] }) => {
    if (sql.includes('"rowsExpected"')) asked.push((bindings[0] as string[]).length);
  };
  const ids = [await requested(), await requested(), await requested()];
  const streams = await Promise.all([...ids, ...ids].map(watch));
  producer.ownDb.on('query', note);
  await expect.poll(() => asked.at(-1)).toBe(3);
  for (const stream of streams.slice(1)) stream.leave();
  await expect.poll(() => asked.at(-1)).toBe(1);
  expect(Math.max(...asked)).toBe(3);
  streams[0]?.leave();
  producer.ownDb.removeListener('query', note);
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
