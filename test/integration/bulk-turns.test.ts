/** Whose item of bulk work is next. */
import { randomUUID } from 'node:crypto';
import { BulkService } from '@parcelpost/shared/db/services/bulks.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let bulks: BulkService;
/** Whose bulk it is, by its id. */
const names = new Map<string, string>();

beforeAll(async () => {
  database = await createTestDatabase();
  bulks = new BulkService(database.db);
});
beforeEach(async () => {
  await database.db.raw('truncate bulks cascade');
});
afterAll(() => database?.drop());

async function ask(userId: string, name: string, items: number): Promise<void> {
  const id = randomUUID();
  names.set(id, name);
  const sealed = Array.from({ length: items }, () => 'sealed');
  const bulk = { id, userId, action: 'request' as const, sealed, key: undefined, fingerprint: '' };
  await database.db.transaction((trx) => bulks.create(trx, bulk, 0));
}

/** Takes items as a producer does, until there is none. @returns their bulks' names, with their places */
async function takeAll(): Promise<string[]> {
  const taken: string[] = [];
  for (let after = ''; ; ) {
    const item = await database.db.transaction((trx) => bulks.take(trx, 60_000, after));
    if (!item) return taken;
    after = item.userId;
    taken.push(`${names.get(item.bulkId)}${item.position}`);
  }
}

test('people take turns, however many bulks one of them has, and each has every item taken once', async () => {
  for (let n = 0; n < 20; n++) await ask('ana', 'a', 2);
  await ask('ben', 'b', 3);
  await ask('cem', 'c', 1);
  const taken = await takeAll();
  expect(taken.slice(0, 7).map(([who]) => who)).toEqual(['a', 'b', 'c', 'a', 'b', 'a', 'b']);
  expect(taken.filter((item) => item.startsWith('b'))).toEqual(['b0', 'b1', 'b2']);
  expect(taken).toHaveLength(44);
});

test('of one person’s bulks a short one is not behind a long one', async () => {
  await ask('ana', 'long', 30);
  await ask('ana', 'short', 2);
  const taken = await takeAll();
  expect(taken.slice(0, 4).sort()).toEqual(['long0', 'long1', 'short0', 'short1']);
});
