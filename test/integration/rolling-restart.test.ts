/** Workers are restarted one after another while an export runs: it costs neither an attempt nor a stall. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import { EXPORT_QUEUE, META_QUEUE } from '@parcelpost/shared/queues/queues.js';
import { flowJobId } from '@parcelpost/shared/queues/relay.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PackedProcess } from '../chaos/packed-process.js';
import { type PackedWorker, packWorker } from '../chaos/packed-worker.js';
import { ENGINES } from '../support/engines.js';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

const PARCELS = 400;
const SHARD = 20;
const PAGE = 5;
const RESTARTS = 20;
/** Restarts after the last page may come: the files, the bundle and the decision are to have theirs. */
const LAST = 4;
const LONGEST_MS = 90_000;
/** Longer than the test may take: a job that is not handed back would keep it waiting. */
const LONG_LOCK = '600';

const folder = mkdtempSync(join(tmpdir(), 'parcelpost-rolling-'));
let packed: PackedWorker;
beforeAll(async () => {
  packed = await packWorker(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.concurrent.each(ENGINES)('a rolling restart on the %s engine', (engine) => {
  let stack: PlatformStack;
  const workers: PackedProcess[] = [];

  beforeAll(async () => {
    stack = await startPlatformStack(
      { parcels: PARCELS, latencyMs: 30 },
      {
        engine,
        workers: 0,
        workerEnv: { WORKER_LOCK_SECONDS: LONG_LOCK, SHARD_RECORDS: String(SHARD), PAGE_SIZE: String(PAGE) },
      },
    );
  });
  afterAll(async () => {
    for (const worker of workers) worker.kill();
    await stack?.stop();
  });

  async function start(): Promise<PackedProcess> {
    const worker = new PackedProcess(packed, stack.environment.worker, { log: () => {} });
    workers.push(worker);
    await until('it is loaded', async () => worker.state === 'loaded');
    worker.begin();
    await until('it works', async () => worker.state === 'working');
    return worker;
  }

  const jobOf = (row: ExportJobRow) =>
    stack.queues.queue(row.kind === 'merge' ? META_QUEUE : EXPORT_QUEUE).getJob(flowJobId(row, row.kind));

  test(`of ${RESTARTS} workers during one export spends no attempt and no stall`, { timeout: LONGEST_MS }, async () => {
    // One shard of each list waits for us, so that the export is as long as the restarts take.
    const first = '/projects/long/.*offset=0$';
    await stack.platform.configure({ faults: [{ match: first, break: 'hold' }] });
    let [old, young] = [await start(), await start()];
    const { id } = await stack.ask('long');
    await stack.platform.waitForRequests(first, 3);
    let handedBack = 0;
    for (let restarts = 1; restarts <= RESTARTS; restarts++) {
      const next = await start();
      handedBack += old.inHand;
      old.kill('SIGTERM');
      expect(await old.ended).toEqual({ code: 0, signal: null });
      [old, young] = [young, next];
      if (restarts === RESTARTS - LAST) await stack.platform.release();
    }
    expect(handedBack).toBeGreaterThan(RESTARTS - LAST);

    const { outcome, error, followUps, files } = await stack.settled(id);
    expect({ outcome, error }).toEqual({ outcome: 'completed', error: null });
    expect(followUps).toMatchObject([{ hook: 'onSuccess', state: 'done', attempts: 1 }]);
    expect(files.filter(({ name }) => name.endsWith('.csv')).map(({ rows }) => rows)).toEqual([
      PARCELS,
      PARCELS,
      PARCELS,
    ]);
    const rows = await stack.jobs.all(id, 1);
    // The plan, the shards, three files and the look at references, and the merge.
    expect(rows).toHaveLength(1 + (3 * PARCELS) / SHARD + 3 + 1 + 1);
    expect(rows.some(({ starts }) => starts > 3)).toBe(true);
    for (const row of rows) {
      expect(row).toMatchObject({ state: 'done', attempts: 1, error: null });
      // The attempt that ended well is the only one that was made.
      const job = await jobOf(row);
      expect(job).toMatchObject({ attemptsMade: 1, stalledCounter: 0 });
      expect(job?.failedReason).toBeUndefined();
    }
  });
});
