/** The short form of `npm run chaos`: workers are killed at random while exports of every kind run, and each promise is held. */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type PackedWorker, packWorker } from '../chaos/packed-worker.js';
import { table } from '../chaos/report.js';
import { runRound } from '../chaos/round.js';
import { createTestDatabase } from '../support/database.js';
import { ENGINES, uniquePrefix } from '../support/engines.js';

const EXPORTS = 16;
const KILL_EVERY_MS = 350;
/** Draws exports of every kind, two that are taken back, chords, refused webhooks, and a next export. */
const SEED = 73;
const LIMIT_MS = 100_000;

const folder = mkdtempSync(join(tmpdir(), 'parcelpost-chaos-'));
let packed: PackedWorker;
beforeAll(async () => {
  packed = await packWorker(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(ENGINES)(
  'on the %s engine every export has one outcome and one release, though workers are killed throughout',
  { timeout: LIMIT_MS + 30_000 },
  async (engine) => {
    const database = await createTestDatabase();
    const own = join(folder, engine);
    await mkdir(own);
    try {
      const result = await runRound(
        { exports: EXPORTS, killEveryMs: KILL_EVERY_MS, workers: 3, seed: SEED, limitMs: LIMIT_MS },
        {
          databaseUrls: database.urls,
          redisUrl: engine === 'redis' ? inject('redisUrl') : undefined,
          queuePrefix: uniquePrefix(),
          folder: own,
          packed,
        },
      );
      const broken = result.promises.filter((promise) => promise.broken.length > 0);
      expect(broken, table(result)).toEqual([]);
      // Where nothing was in the way, nothing was shown.
      expect(result.kills.atWork, table(result)).toBeGreaterThan(3);
      expect(result.queue.stalls).toBeGreaterThan(0);
      expect(result.outcomes).toMatchObject({ completed: expect.any(Number), partial: expect.any(Number) });
      expect(result.outcomes.failed).toBeGreaterThanOrEqual(2);
      expect(result.cancels.asked).toBeGreaterThanOrEqual(1);
      expect(result.chords).toBeGreaterThan(0);
    } finally {
      await database.drop();
    }
  },
);
