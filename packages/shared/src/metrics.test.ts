import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.js';
import { addDatabaseGauges } from './metrics-database.js';

/** Lines of the text format that begin with a name, comments left out. */
const linesOf = async (text: Promise<string>, name: string) =>
  (await text).split('\n').filter((line) => line.startsWith(name));

describe('labels take few values, whatever people ask for', () => {
  it('a task that is known is named, another service’s by its queue, the rest is other', async () => {
    const metrics = createMetrics('worker', { names: ['msg.email'], routes: ['gis'] });
    metrics.followUpEnded('msg.email', 'done');
    for (const name of ['gis.index', 'gis.a-name-that-somebody-made-up']) metrics.followUpEnded(name, 'failed');
    for (const name of ['msg.made-up', 'other.thing', 'constructor']) metrics.followUpEnded(name, 'done');
    expect(await linesOf(metrics.registry.metrics(), 'parcelpost_follow_ups_total')).toEqual([
      'parcelpost_follow_ups_total{task="msg.email",end="done",role="worker"} 1',
      'parcelpost_follow_ups_total{task="gis.*",end="failed",role="worker"} 2',
      'parcelpost_follow_ups_total{task="other",end="done",role="worker"} 3',
    ]);
  });
});

it('what a role never does is not shown, and may be called nonetheless', async () => {
  const producer = createMetrics('producer');
  producer.signaturesRefused.inc({ queue: 'msg', reason: 'unknown' });
  producer.jobs.inc({ kind: 'map', end: 'done' });
  const text = await producer.registry.metrics();
  expect(text).not.toMatch(/signatures_refused|jobs_total/);
  expect(text).toContain('parcelpost_requests_joined_total{role="producer"} 0');
  expect(await createMetrics('worker').registry.metrics()).not.toContain('parcelpost_requests_joined_total');
});

it('outcomes that there were none of are 0 and not absent, so that a rate sees the first', async () => {
  const lines = await linesOf(createMetrics('worker').registry.metrics(), 'parcelpost_exports_decided_total');
  expect(lines.map((line) => /outcome="(\w+)".* (\d+)$/.exec(line)?.slice(1))).toEqual([
    ['completed', '0'],
    ['partial', '0'],
    ['failed', '0'],
    ['cancelled', '0'],
  ]);
});

it('each process has a registry of its own', async () => {
  const [one, other] = [createMetrics('worker'), createMetrics('worker')];
  one.exportsDecided.inc({ outcome: 'failed' });
  expect(await other.registry.metrics()).toContain(
    'parcelpost_exports_decided_total{outcome="failed",role="worker"} 0',
  );
});

describe('the gauges of the database', () => {
  const FIGURES = {
    openByPhase: { reading: 3 },
    oldestOpen: 12.5,
    overdue: 1,
    followUps: { entered: 4 },
    waitingTurn: 9,
    pending: 2,
    oldestPending: 0.5,
    failedDay: 6,
    refusedDay: 7,
    stored: { bundle: 100, upload: 20 },
    storedMost: 70,
  };
  const gaugesOn = (raw: () => Promise<unknown>) => {
    const { registry } = createMetrics('producer');
    // biome-ignore lint/suspicious/noExplicitAny: one method of many
    addDatabaseGauges(registry, { raw: raw as any });
    return registry;
  };

  it('cost one query however many ask at once', async () => {
    let asked = 0;
    const registry = gaugesOn(async () => {
      asked += 1;
      return { rows: [FIGURES] };
    });
    const [text] = await Promise.all([registry.metrics(), registry.metrics()]);
    expect(asked).toBe(1);
    for (const line of [
      'parcelpost_database_up{role="producer"} 1',
      'parcelpost_exports_open{phase="reading",role="producer"} 3',
      'parcelpost_exports_open{phase="writing",role="producer"} 0',
      'parcelpost_exports_oldest_open_seconds{role="producer"} 12.5',
      'parcelpost_exports_overdue{role="producer"} 1',
      'parcelpost_follow_ups_on_their_way{state="entered",role="producer"} 4',
      'parcelpost_exports_waiting_turn{role="producer"} 9',
      'parcelpost_outbox_pending{role="producer"} 2',
      'parcelpost_outbox_oldest_pending_seconds{role="producer"} 0.5',
      'parcelpost_follow_ups_failed_day{role="producer"} 6',
      'parcelpost_refused_jobs_day{role="producer"} 7',
      'parcelpost_storage_bytes{what="bundle",role="producer"} 100',
      'parcelpost_storage_bytes{what="waiting",role="producer"} 0',
      'parcelpost_storage_project_most_bytes{role="producer"} 70',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('are left out while the database does not answer, and say so; the rest is told all the same', async () => {
    const registry = gaugesOn(() => Promise.reject(new Error('gone')));
    const text = await registry.metrics();
    expect(text).toContain('parcelpost_database_up{role="producer"} 0');
    expect(text).toContain('process_resident_memory_bytes');
    expect(text.split('\n').filter((line) => /^parcelpost_(exports|outbox|follow_ups|refused)/.test(line))).toEqual([]);
  });
});
