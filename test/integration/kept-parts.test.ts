/** What exports have in storage beside their bundles: when it goes, and who waits for that. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ExportRow, ExportService } from '@parcelpost/shared/db/services/exports.js';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { FinishedParts } from '@parcelpost/shared/db/services/finished-parts.js';
import { KeptPartsService } from '@parcelpost/shared/db/services/kept-parts.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clearAway } from '../../apps/worker/src/processors/conclude.js';
import type { WorkerDeps } from '../../apps/worker/src/processors/deps.js';
import { KeptParts } from '../../apps/worker/src/processors/kept-parts.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/platform-stack.js';
import { record, TESTER, testWrites } from '../support/writes.js';

describe('parts that are kept', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  const deadlineAt = new Date(Date.now() + 3_600_000);

  async function requested(): Promise<string> {
    const id = randomUUID();
    await record(testWrites(database.db), {
      id,
      organization: 'cadasta',
      organizationName: 'Cadasta',
      project: 'london-2',
      projectName: 'London 2',
      requester: { id: 'u1', name: 'Ana', email: 'ana@example.org', language: 'en' },
      options: {
        outputType: 'shp',
        formats: ['csv'],
        csv: { bom: false, escapeFormulas: true },
        allowPartial: false,
      },
      onSuccess: [],
      onFailure: [],
      sealedToken: 'sealed',
      nextTokens: {},
      requestHash: id,
      deadlineAt,
    });
    return id;
  }

  test('what a worker left that died right after its decision goes, of every try; the bundle stays', async () => {
    const { db } = database;
    const id = await requested();
    const folder = mkdtempSync(join(tmpdir(), 'parcelpost-kept-'));
    const storage = openStorage(pathToFileURL(folder).href);
    const below = `cadasta/london-2/${id}`;
    const bundle = `${below}/bundle-2-2/bundle.zip`;
    for (const key of [
      'work-1/a',
      'work-2/b',
      'made-1/c',
      'made-2/d',
      'bundle-1-1/bundle.zip',
      'bundle-2-1/bundle.zip',
    ]) {
      await storage.put(`${below}/${key}`, 'x');
    }
    await storage.put(bundle, 'x');
    const merge = { export_id: id, kind: 'merge', step: 'merge', shard: 0 };
    await db('export_jobs').insert([
      { ...merge, generation: 1, starts: 1 },
      { ...merge, generation: 2, starts: 2 },
    ]);
    const file = { export_id: id, generation: 2, name: 'a.zip', storage_key: bundle, media_type: 'application/zip' };
    const contents = { bytes: 1, sha256: '00', contents: '[]', expires_at: deadlineAt };
    const owner = { owner_kind: 'project', owner_id: 'cadasta/london-2' };
    await db('files').insert({ ...file, ...contents, ...owner });
    const row = () => db('exports').where({ id });
    const decided = { outcome: 'completed', phase: 'decided', decided_at: new Date(), generation: 2 };
    await row().update({ ...decided, parts_until: new Date(Date.now() - 1000) });
    await new KeptParts({ db, storage, log: createLogger('test', 'silent') }).round();
    expect(await row().first('parts_until')).toEqual({ parts_until: null });
    const left = readdirSync(join(folder, below), { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))).toEqual([
      join(folder, bundle),
    ]);
    rmSync(folder, { recursive: true });
  });

  test('what was kept for others stays while another export holds it, also once its rows have passed to a newer one', async () => {
    const { db } = database;
    const [id, newer] = [await requested(), await requested()];
    const folder = mkdtempSync(join(tmpdir(), 'parcelpost-kept-'));
    const storage = openStorage(pathToFileURL(folder).href);
    const made = `cadasta/london-2/${id}/made-1/reduce-parties-1/parties.csv`;
    const work = `cadasta/london-2/${id}/work-1/map-parties-0-1/parties`;
    for (const key of [made, work]) await storage.put(key, 'x');
    const row = () => db('exports').where({ id });
    const decided = { outcome: 'completed', phase: 'decided', decided_at: new Date() };
    await row().update({ ...decided, parts_until: new Date(Date.now() + 3_600_000) });
    // Of all that it kept a newer export made the same; before that somebody had found it, and reads it now.
    const parts = new FinishedParts(db);
    const part = { key: id, step: 'parties', version: '1', bytes: 1, content: {} };
    await parts.keep(db, id, [part]);
    const until = new Date(Date.now() + 2 * 3_600_000);
    expect(await parts.hold([id], until)).toEqual(new Set([id]));
    await parts.keep(db, newer, [part]);

    const log = createLogger('test', 'silent');
    const deps = { db, storage, log, files: new FileService(db) } as unknown as WorkerDeps;
    const exported = (await new ExportService(db).get(id)) as ExportRow;
    await clearAway(deps, exported, 'completed');
    expect([await storage.stat(made), await storage.stat(work)]).toEqual([{ bytes: 1 }, undefined]);
    expect(await row().first('parts_until')).toEqual({ parts_until: until });
    // When its time is over it goes, as everything else.
    await row().update({ parts_until: new Date(Date.now() - 1000) });
    await new KeptParts({ db, storage, log }).round();
    expect(await storage.stat(made)).toBeUndefined();
    rmSync(folder, { recursive: true });
  });

  test('a retry waits while they are being removed, and once it has begun none are', async () => {
    const { db } = database;
    const id = await requested();
    const writes = testWrites(db);
    const row = () => db('exports').where({ id });
    const past = () => row().update({ parts_until: new Date(Date.now() - 1000) });
    await row().update({ outcome: 'failed', phase: 'decided', decided_at: new Date() });
    const kept = new KeptPartsService(db);
    const none = () => Promise.reject(new Error('removed'));

    await row().update({ parts_until: new Date(Date.now() + 60_000) });
    expect(await kept.over(undefined, 100)).toEqual([]);
    expect(await kept.clear(id, none)).toBe(false);

    await past();
    expect(await kept.over(undefined, 100)).toEqual([{ id }]);
    await expect(kept.clear(id, none)).rejects.toThrow('removed');
    expect(await kept.over(undefined, 100)).toEqual([{ id }]);

    let retried: Promise<unknown> = Promise.resolve();
    const cleared = await kept.clear(id, async (parts) => {
      expect(parts).toEqual({
        id,
        generation: 1,
        organization: 'cadasta',
        project: 'london-2',
        bundles: [],
        merges: [],
        finished: false,
      });
      expect(await kept.clear(id, none)).toBe(false);
      const next = { onSuccess: [], onFailure: [], sealedToken: 'sealed', nextTokens: {}, deadlineAt };
      retried = writes.runner.runSingle(writes.exports.retry(TESTER, { id, generation: 1, next }));
      await until('the retry waits', async () => {
        const { rows } = await db.raw(
          `select 1 from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like '%generation%'`,
        );
        return rows.length > 0;
      });
      expect(await row().first('generation')).toEqual({ generation: 1 });
    });
    expect(cleared).toBe(true);
    await retried;
    expect(await row().first('generation', 'outcome', 'parts_until')).toEqual({
      generation: 2,
      outcome: null,
      parts_until: null,
    });
    // An open export is left alone, whatever its row may say.
    await past();
    expect(await kept.over(undefined, 100)).toEqual([]);
    expect(await kept.clear(id, none)).toBe(false);
  });
});
