/** Tasks queued inside an action, rule by rule, on a real database; the names of the rules are those of the design. */
import { createLogger } from '@parcelpost/shared/log.js';
import { Actions, type DeferredTask, defer, FIRST, onceCommitted } from '@parcelpost/shared/tasks/actions.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';
import { NoActionError, TaskMisuseError, TaskStoppedError } from '@parcelpost/shared/tasks/errors.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { killBetweenStatements } from '../support/dies-at-statement.js';

const ana: Actor = { kind: 'user', id: 'u1', name: 'Ana' };
const RUN = '';

let database: TestDatabase;
let actions: Actions<string>;
let started: number;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.raw(`
    create table records (id serial, run text not null);
    create table attached (id serial, run text not null, owner text not null);
    create table calls (id serial, run text not null, call text not null);`);
  actions = new Actions<string>({
    db: database.db,
    log: createLogger('test', 'silent'),
    keeper: {
      plant: async (trx, signatures) =>
        void (await trx('calls').insert(signatures.map((call) => ({ run: RUN, call })))),
      start: () => void started++,
    },
  });
});
afterAll(() => database.drop());
beforeEach(async () => {
  started = 0;
  await database.db.raw('truncate records, attached, calls');
});

const tick = () => new Promise<void>((done) => setImmediate(done));
const written = async (run = RUN) => {
  const { db } = database;
  const [records, files, calls] = await Promise.all([
    db('records').where({ run }).orderBy('id').pluck<number[]>('id'),
    db('attached').where({ run }).orderBy('id').pluck<string[]>('owner'),
    db('calls').where({ run }).orderBy('id').pluck<string[]>('call'),
  ]);
  return { records: records.length, files, calls };
};
const NOTHING = { records: 0, files: [], calls: [] };
/** Something deep below the action, which knows nothing of it. */
const transfer = (owner: string) =>
  defer((_result, _idx, _prev, { trx }) => trx('attached').insert({ run: RUN, owner }));

describe('C1: the queue belongs to the running action', () => {
  test('outside of an action nothing can be added: an error of its own kind', () => {
    expect(() => defer(() => {})).toThrow(NoActionError);
    expect(() => defer.afterCommit('call')).toThrow(NoActionError);
    expect(() => onceCommitted(() => {})).toThrow(NoActionError);
  });

  test('actions that run side by side have queues of their own', async () => {
    const results = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        actions.run(ana, async () => {
          const seen: unknown[] = [];
          for (let round = 0; round < 3; round++) {
            await tick();
            defer((result, idx) => void seen.push([result.name, idx]));
          }
          return { name, seen };
        }),
      ),
    );
    for (const { name, seen } of results)
      expect(seen).toEqual([
        [name, 0],
        [name, 1],
        [name, 2],
      ]);
  });

  test('what an action left running cannot give it more to do once it has ended', async () => {
    let late: Promise<unknown> | undefined;
    await actions.run(ana, async () => {
      late = new Promise((done) => setTimeout(done, 20)).then(() => defer(() => {})).catch((error: unknown) => error);
    });
    expect(await late).toBeInstanceOf(NoActionError);
  });
});

test('C2: a task is anything callable: it gets the result, its place, and what the one before came to; the first a sentinel', async () => {
  const seen: unknown[][] = [];
  const bound = { kept: 'this' };
  await actions.run(ana, async () => {
    defer((...args) => {
      seen.push(args.slice(0, 3));
      return null;
    });
    defer(async (...args) => {
      await tick();
      seen.push(args.slice(0, 3));
      return 'second';
    });
    const method: DeferredTask = function (this: typeof bound, ...args: unknown[]) {
      seen.push([this.kept, ...args.slice(0, 3)]);
    }.bind(bound);
    defer(method);
    return { id: 7 };
  });
  expect(seen).toEqual([
    [{ id: 7 }, 0, FIRST],
    [{ id: 7 }, 1, null],
    ['this', { id: 7 }, 2, 'second'],
  ]);
  expect(FIRST).not.toBeNull();
});

describe('C3: first in, first out', () => {
  test('after the own work of the action', async () => {
    const order: string[] = [];
    await actions.run(ana, async () => {
      defer(() => void order.push('first'));
      defer(() => void order.push('second'));
      await tick();
      order.push('own work');
    });
    expect(order).toEqual(['own work', 'first', 'second']);
  });

  test('if the action throws, nothing queued runs, nothing is kept, and the error goes on', async () => {
    let ran = false;
    const error = new Error('no');
    const running = actions.run(ana, async (trx) => {
      await trx('records').insert({ run: RUN });
      defer(() => {
        ran = true;
      });
      defer.afterCommit('call');
      throw error;
    });
    await expect(running).rejects.toBe(error);
    expect([ran, started, await written()]).toEqual([false, 0, NOTHING]);
  });
});

describe('C4: nested actions', () => {
  test('own their queues: what is queued within runs on the inner success, with the inner result', async () => {
    const seen: string[] = [];
    const note = (where: string) => defer((result, idx) => void seen.push(`${where}: ${result} ${idx}`));
    await actions.run(ana, async () => {
      note('outer');
      await actions.run(ana, async () => {
        note('inner');
        await actions.run(ana, async () => {
          note('innermost');
          return 3;
        });
        note('inner again');
        return 2;
      });
      seen.push('outer goes on');
      note('outer again');
      return 1;
    });
    expect(seen).toEqual([
      'innermost: 3 0',
      'inner: 2 0',
      'inner again: 2 1',
      'outer goes on',
      'outer: 1 0',
      'outer again: 1 1',
    ]);
  });

  test('fault gone: an inner error that is swallowed takes with it what was done and queued within, and nothing else', async () => {
    await actions.run(ana, async (trx) => {
      await trx('records').insert({ run: RUN });
      transfer('outer');
      const inner = actions.run(ana, async (savepoint) => {
        await savepoint('records').insert({ run: RUN });
        transfer('inner');
        defer.afterCommit('of the inner');
        onceCommitted(() => {
          started += 100;
        });
        await savepoint.raw('select 1 / 0');
      });
      await inner.catch(() => {});
      defer.afterCommit('of the outer');
    });
    expect([await written(), started]).toEqual([{ records: 1, files: ['outer'], calls: ['of the outer'] }, 1]);
  });

  test('what an inner one did goes when the outer one is rolled back', async () => {
    const running = actions.run(ana, async () => {
      await actions.run(ana, async (savepoint) => {
        await savepoint('records').insert({ run: RUN });
        transfer('inner');
        defer.afterCommit('of the inner');
        onceCommitted(() => {
          started += 100;
        });
      });
      throw new Error('no');
    });
    await expect(running).rejects.toThrow('no');
    expect([await written(), started]).toEqual([NOTHING, 0]);
  });

  test('an inner one stops when it is told to, makes the whole durable, and has the isolation of the outermost', async () => {
    await actions.run(
      ana,
      async (trx) => {
        await actions.run(ana, async () => {}, { durable: true });
        const { rows } = await trx.raw('show synchronous_commit');
        expect(rows).toEqual([{ synchronous_commit: 'on' }]);
        const told = actions.run(ana, async () => {}, { signal: AbortSignal.abort('enough') });
        await expect(told).rejects.toThrow(TaskStoppedError);
        await expect(actions.run(ana, async () => {}, { isolation: 'serializable' })).rejects.toThrow(TaskMisuseError);
        await trx('records').insert({ run: RUN });
      },
      { isolation: 'repeatable read' },
    );
    expect((await written()).records).toBe(1);
  });

  test('several at once in one action are done one after the other, each whole or absent', async () => {
    await actions.run(ana, async () => {
      await Promise.allSettled(
        [0, 1, 2, 3].map((number) =>
          actions.run(ana, async (savepoint) => {
            await savepoint('records').insert({ run: RUN });
            transfer(`file ${number}`);
            if (number % 2 === 1) throw new Error('no');
          }),
        ),
      );
    });
    expect(await written()).toEqual({ records: 2, files: ['file 0', 'file 2'], calls: [] });
  });
});

test('C5: a task may queue more: they go to the tail, and the places go on', async () => {
  const seen: unknown[] = [];
  await actions.run(ana, async () => {
    defer((_result, idx) => {
      seen.push(['first', idx]);
      defer((_more, more, prev) => void seen.push(['queued by the first', more, prev]));
    });
    defer((_result, idx) => {
      seen.push(['second', idx]);
      return 'of the second';
    });
  });
  expect(seen).toEqual([
    ['first', 0],
    ['second', 1],
    ['queued by the first', 2, 'of the second'],
  ]);
});

test('C6: any function can be given a queue', async () => {
  const update = actions.wrap(async (trx, id: number, name: string) => {
    await trx('records').insert({ run: RUN });
    transfer(name);
    return id;
  });
  const id: number = await update(ana, 7, 'given');
  expect([id, await written()]).toEqual([7, { records: 1, files: ['given'], calls: [] }]);
});

describe('faults of tasks queued inside an action, gone', () => {
  test('a failing task makes no committed action look failed: the action is not committed', async () => {
    const running = actions.run(ana, async (trx) => {
      await trx('records').insert({ run: RUN });
      transfer('never');
      defer(() => {
        throw new Error('the transfer failed');
      });
    });
    await expect(running).rejects.toThrow('the transfer failed');
    expect(await written()).toEqual(NOTHING);
  });

  test('what follows a commit is durable where it has to be: a signature is written with the record', async () => {
    await actions.run(ana, async (trx) => {
      await trx('records').insert({ run: RUN });
      defer.afterCommit('tell');
      defer(() => defer.afterCommit('tell more'));
      expect(started).toBe(0);
    });
    expect([await written(), started]).toEqual([{ records: 1, files: [], calls: ['tell', 'tell more'] }, 1]);
  });

  test('where nobody keeps signatures, deferring one says so', async () => {
    const without = new Actions({ db: database.db, log: createLogger('test', 'silent') });
    const running = without.run(ana, async () => defer.afterCommit('tell'));
    await expect(running).rejects.toThrow(NoActionError);
  });

  test('killed between any two statements, record and transfer are both there or both not, and so is what is to follow', async () => {
    let cases = 0;
    const statements = await killBetweenStatements(
      async () => {
        const run = `case ${cases++}`;
        return { run, order: { deed: 'attach', url: database.url, run } };
      },
      async ({ run }, killed, nth) =>
        expect(await written(run), `killed before statement ${nth}: ${killed}`).toEqual(
          killed ? NOTHING : { records: 3, files: ['inner', 'record'], calls: ['tell'] },
        ),
    );
    // begin, and so on up to commit: each of them is a moment to die before.
    expect(statements).toBeGreaterThanOrEqual(9);
  });
});
