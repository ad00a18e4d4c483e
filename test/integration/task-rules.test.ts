/** Tasks and sequences, rule by rule, on a real database; the names of the rules are those of the design. */
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { Actions } from '@parcelpost/shared/tasks/actions.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';
import { MaskedError, TaskMisuseError, TaskNotRunError, TaskStoppedError } from '@parcelpost/shared/tasks/errors.js';
import { TaskRunner } from '@parcelpost/shared/tasks/runner.js';
import { sequence } from '@parcelpost/shared/tasks/sequence.js';
import { defineTask, type TaskWork } from '@parcelpost/shared/tasks/task.js';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const ana: Actor = { kind: 'user', id: 'u1', name: 'Ana' };

/** The service of these tests: notes, as in a ledger. */
class Notes {
  async write({ input, trx }: TaskWork<{ text: string }, Notes>): Promise<string> {
    await trx('notes').insert({ text: input.text });
    return input.text;
  }
}
const notes = new Notes();
const write = defineTask<{ text: string }, string, Notes>({
  name: 'notes.write',
  service: notes,
  run: (work) => work.service.write(work),
});
const count = defineTask<{ least: number }, number, Notes>({
  name: 'notes.count',
  service: notes,
  run: async ({ trx, input }) => {
    const [row] = await trx('notes').count<{ n: number }[]>('* as n');
    return Math.max(row?.n ?? 0, input.least);
  },
});
/** What can go wrong with it: something people may know of, or something they may not. */
const fail = defineTask<{ error: unknown }, never, Notes>({
  name: 'notes.fail',
  service: notes,
  run: async ({ input }) => {
    throw input.error;
  },
});
const conflict = () => new ProblemError(409, 'taken', 'Taken', 'The name is taken.');

let database: TestDatabase;
let logged: Record<string, unknown>[];
let runner: TaskRunner;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.raw('create table notes (id serial primary key, text text not null unique)');
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db('notes').delete();
  logged = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  runner = new TaskRunner({ actions: new Actions({ db: database.db, log }), log });
});
const texts = () => database.db('notes').orderBy('id').pluck<string[]>('text');

describe('G1: a task', () => {
  test('has a name, an actor, an input, one service, a status and a result; run gets the transaction', async () => {
    const seen: TaskWork<{ a: number }, Notes>[] = [];
    const look = defineTask<{ a: number }, boolean, Notes>({
      name: 'notes.look',
      service: notes,
      run: async (work) => {
        seen.push(work);
        return work.trx.isTransaction === true;
      },
    });
    const task = look(ana, { a: 1 });
    expect([task.name.text, task.actor, task.status]).toEqual(['notes.look', ana, 'new']);
    expect(() => task.result).toThrow(TaskNotRunError);
    expect(await runner.runSingle(task)).toBe(true);
    expect([task.status, task.result]).toEqual(['done', true]);
    expect(seen[0]).toMatchObject({ input: { a: 1 }, service: notes, actor: ana });
  });

  test('runs once, and says why it failed', async () => {
    const task = write(ana, { text: 'a' });
    await runner.runSingle(task);
    await expect(runner.runSingle(task)).rejects.toThrow(TaskMisuseError);
    expect(await texts()).toEqual(['a']);
    const failing = fail(ana, { error: conflict() });
    await expect(runner.runSingle(failing)).rejects.toThrow('The name is taken.');
    expect([failing.status, (failing.error as Error).message]).toEqual(['failed', 'The name is taken.']);
    expect(() => failing.result).toThrow(TaskNotRunError);
  });
});

/** The same two tasks in each of the four modes: what the second one comes to. */
const MODES = {
  'one task': async (_first: ReturnType<typeof write>, second: ReturnType<typeof write>) => {
    await runner.runSingle(_first);
    return runner.runSingle(second);
  },
  'many tasks': async (first: ReturnType<typeof write>, second: ReturnType<typeof write>) => {
    const [, answer] = await runner.runMultiple([first, second]);
    return 'value' in answer ? answer.value : answer.error;
  },
  'one sequence': async (first: ReturnType<typeof write>, second: ReturnType<typeof write>) =>
    runner.runSingleSequence(sequence(first, second)),
  'many sequences': async (first: ReturnType<typeof write>, second: ReturnType<typeof write>) => {
    const [, answer] = await runner.runMultipleSequences([sequence(first), sequence(second)]);
    return answer && 'value' in answer ? answer.value : answer?.error;
  },
};

describe.each(Object.entries(MODES))(
  'G2, G3 and the fault that they mean nothing in some modes: in %s',
  (_, inMode) => {
    test('getInput supplies input from earlier tasks, and its keys replace those of the constructor', async () => {
      const first = write(ana, { text: 'first' });
      const second = write(ana, { text: 'replaced' }, { getInput: () => ({ text: `${first.result} and second` }) });
      expect(await inMode(first, second)).toBe('first and second');
      expect(await texts()).toEqual(['first', 'first and second']);
    });

    test('getInput runs before skip is looked at, so that it may set it', async () => {
      const first = write(ana, { text: 'first' });
      const second = write(
        ana,
        { text: 'never' },
        {
          skip: false,
          getResult: () => 'instead',
          getInput: (task) => {
            task.skip = first.result === 'first';
            return {};
          },
        },
      );
      expect(await inMode(first, second)).toBe('instead');
      expect([second.status, await texts()]).toEqual(['skipped', ['first']]);
    });

    test('skip leaves a task out, and getResult stands in for the result', async () => {
      const first = write(ana, { text: 'first' });
      const second = write(ana, { text: 'never' }, { skip: true, getResult: () => `after ${first.result}` });
      expect(await inMode(first, second)).toBe('after first');
      expect(await texts()).toEqual(['first']);
    });

    test('getResult stands in for the result of one that ran, too', async () => {
      const second = write(ana, { text: 'second' }, { getResult: () => 'in its place' });
      expect(await inMode(write(ana, { text: 'first' }), second)).toBe('in its place');
      expect(await texts()).toEqual(['first', 'second']);
    });
  },
);

describe('G3: what is not declared cannot happen', () => {
  test('a task whose result was promised is not skipped', async () => {
    const task = write(ana, { text: 'a' });
    expect(() => {
      task.skip = true;
    }).toThrow(TaskMisuseError);
  });

  test('what is said before it runs holds, whatever mode it runs in', async () => {
    const task = write(ana, { text: 'never' }, { skip: false, getResult: () => 'instead' });
    task.skip = true;
    expect([await runner.runSingle(task), task.status, await texts()]).toEqual(['instead', 'skipped', []]);
  });

  test('a wrong getInput, getResult, or a missing key does not compile', () => {
    // @ts-expect-error a number is no text
    write(ana, { text: 1 });
    // @ts-expect-error the text is missing
    write(ana, {});
    // @ts-expect-error a number is no text
    write(ana, {}, { getInput: () => ({ text: 1 }) });
    // @ts-expect-error a number does not stand in for a text
    write(ana, { text: 'a' }, { getResult: () => 1 });
    // @ts-expect-error what may be skipped, and has nothing to stand in, may leave undefined
    const certain: () => Promise<string> = () => runner.runSingle(write(ana, { text: 'a' }, { skip: true }));
    // @ts-expect-error the result of a sequence is that of its last task
    const wrong: () => Promise<string> = () => runner.runSingleSequence(sequence(count(ana, { least: 0 })));
    expect([certain, wrong]).toHaveLength(2);
  });
});

describe('G4: four modes', () => {
  test('one task returns, or throws', async () => {
    expect(await runner.runSingle(count(ana, { least: 0 })), 'a falsy result is a result').toBe(0);
    await expect(runner.runSingle(fail(ana, { error: conflict() }))).rejects.toThrow('The name is taken.');
  });

  test('many tasks have a transaction each: values or errors at their places, none of them shifted by a falsy one', async () => {
    const answers = await runner.runMultiple([
      write(ana, { text: 'a' }),
      fail(ana, { error: conflict() }),
      count(ana, { least: 0 }),
      write(ana, { text: 'never' }, { skip: true }),
      write(ana, { text: 'b' }),
    ]);
    expect(answers).toMatchObject([
      { ok: true, value: 'a' },
      { ok: false, error: { type: 'taken' } },
      { ok: true, value: 1 },
      { skipped: true, value: undefined },
      { ok: true, value: 'b' },
    ]);
    const [first, , third] = answers;
    // The types are positional, too.
    if ('ok' in first && first.ok) expect(first.value.length).toBe(1);
    if ('ok' in third && third.ok) expect(third.value.toFixed(1)).toBe('1.0');
    expect(await texts()).toEqual(['a', 'b']);
  });

  test('one sequence has one transaction: any error rolls all back, and no task of it looks done', async () => {
    const tasks = [write(ana, { text: 'a' }), write(ana, { text: 'b' }), fail(ana, { error: conflict() })] as const;
    await expect(runner.runSingleSequence(sequence(...tasks))).rejects.toThrow('The name is taken.');
    expect([await texts(), tasks.map(({ status }) => status)]).toEqual([[], ['failed', 'failed', 'failed']]);
  });

  test('one sequence returns the result of its last task, also when it was skipped', async () => {
    const first = write(ana, { text: 'a' });
    expect(
      await runner.runSingleSequence(
        sequence(first, write(ana, { text: 'never' }, { skip: true, getResult: () => `not ${first.result}` })),
      ),
    ).toBe('not a');
    expect(
      await runner.runSingleSequence(
        sequence(write(ana, { text: 'b' }), write(ana, { text: 'never' }, { skip: true })),
      ),
    ).toBeUndefined();
    expect(await texts()).toEqual(['a', 'b']);
  });

  test('of many sequences each is whole or absent, and partial work is told from whole', async () => {
    const answers = await runner.runMultipleSequences([
      sequence(write(ana, { text: 'a' }), count(ana, { least: 0 })),
      sequence(write(ana, { text: 'never' }), fail(ana, { error: conflict() })),
      sequence(write(ana, { text: 'b' }), count(ana, { least: 0 })),
    ]);
    expect(answers).toMatchObject([{ ok: true, value: 1 }, { ok: false }, { ok: true, value: 2 }]);
    expect(await texts()).toEqual(['a', 'b']);
  });

  test('the same task twice in a sequence is refused when it is made', () => {
    const task = write(ana, { text: 'a' });
    expect(() => sequence(task, task)).toThrow(TaskMisuseError);
  });
});

describe('G5: hooks', () => {
  test('by task name, before and after, in order of registration, awaited, with data, actor, transaction and log', async () => {
    const seen: string[] = [];
    const note =
      (what: string) =>
      async (data: unknown, { actor, trx }: { actor: Actor; trx: { isTransaction?: boolean } }) => {
        await new Promise((done) => setImmediate(done));
        seen.push(`${what} ${JSON.stringify(data)} ${actor.name} ${trx.isTransaction}`);
      };
    runner.hooks.before(write.taskName, note('first'));
    runner.hooks.before(write.taskName, note('second'));
    runner.hooks.after(write.taskName, note('third'));
    runner.hooks.after(write.taskName, async (result, { input, trx }) => {
      await trx('notes').insert({ text: `hooked to ${result} by ${input.text}` });
      seen.push('fourth');
    });
    await runner.runSingle(write(ana, { text: 'a' }));
    expect(seen).toEqual([
      'first {"text":"a"} Ana true',
      'second {"text":"a"} Ana true',
      'third "a" Ana true',
      'fourth',
    ]);
    expect(await texts()).toEqual(['a', 'hooked to a by a']);
  });

  test.each(['before', 'after'] as const)('a throw %s the task vetoes, and rolls all back', async (moment) => {
    runner.hooks[moment](write.taskName, () => {
      throw conflict();
    });
    const first = count(ana, { least: 0 });
    await expect(runner.runSingleSequence(sequence(first, write(ana, { text: 'a' })))).rejects.toThrow(
      'The name is taken',
    );
    expect([await texts(), first.status]).toEqual([[], 'failed']);
  });

  test('can be taken off again, the same function attached twice once at a time', async () => {
    let calls = 0;
    const hook = () => void calls++;
    const off = runner.hooks.before(write.taskName, hook);
    runner.hooks.before(write.taskName, hook);
    await runner.runSingle(write(ana, { text: 'a' }));
    off();
    off();
    await runner.runSingle(write(ana, { text: 'b' }));
    expect(calls).toBe(3);
  });

  test('are not called around a task that is skipped', async () => {
    let calls = 0;
    runner.hooks.before(write.taskName, () => void calls++);
    runner.hooks.after(write.taskName, () => void calls++);
    runner.hooks.afterCommit(write.taskName, () => void calls++);
    await runner.runSingle(write(ana, { text: 'a' }, { skip: true }));
    expect(calls).toBe(0);
  });

  test('are known by the name that is written down, not by what a minifier may rename', async () => {
    let calls = 0;
    runner.hooks.before({ text: 'notes.write' }, () => void calls++);
    await runner.runSingle(write(ana, { text: 'a' }));
    expect(calls).toBe(1);
  });

  test('after the commit is a moment of its own: it sees what is committed, and never what is rolled back', async () => {
    const seen: unknown[] = [];
    runner.hooks.afterCommit(write.taskName, async (result, { input, actor }) => {
      seen.push([result, input, actor.name, await texts()]);
    });
    await expect(
      runner.runSingleSequence(sequence(write(ana, { text: 'never' }), fail(ana, { error: conflict() }))),
    ).rejects.toThrow();
    expect(seen).toEqual([]);
    await runner.runSingleSequence(sequence(write(ana, { text: 'a' }), write(ana, { text: 'b' })));
    expect(seen).toEqual([
      ['a', { text: 'a' }, 'Ana', ['a', 'b']],
      ['b', { text: 'b' }, 'Ana', ['a', 'b']],
    ]);
  });

  test('a throw after the commit is logged, keeps no other from its turn, and what was done stands', async () => {
    let called = false;
    runner.hooks.afterCommit(write.taskName, () => {
      throw new Error('too late');
    });
    runner.hooks.afterCommit(write.taskName, () => {
      called = true;
    });
    expect(await runner.runSingle(write(ana, { text: 'a' }))).toBe('a');
    expect([called, await texts(), logged.some(({ err }) => (err as Error)?.message === 'too late')]).toEqual([
      true,
      ['a'],
      true,
    ]);
  });
});

describe('G6: a task manager', () => {
  /** What managers are like: services once, then tasks, sequences, and the names that hooks are attached to. */
  class NoteTasks {
    readonly #write;
    readonly #allowed;
    constructor(service: Notes, mayWrite: (actor: Actor) => boolean) {
      this.#allowed = defineTask({
        name: 'notes.allowed',
        service,
        run: async ({ actor }) => {
          if (!mayWrite(actor)) throw new ProblemError(403, 'not-yours', 'Not yours', 'You may not write here.');
        },
      });
      this.#write = defineTask({
        name: 'notes.add',
        service,
        run: (work: TaskWork<{ text: string }, Notes>) => service.write(work),
      });
    }
    get names() {
      return { write: this.#write.taskName };
    }
    add(actor: Actor, text: string) {
      return sequence(this.#allowed(actor, {}), this.#write(actor, { text }));
    }
  }

  test('gets the services once, makes tasks and sequences, tells their names; permission checks are tasks in them', async () => {
    const manager = new NoteTasks(notes, ({ id }) => id === 'u1');
    const seen: string[] = [];
    runner.hooks.after(manager.names.write, (text) => void seen.push(text));
    expect(await runner.runSingleSequence(manager.add(ana, 'a'))).toBe('a');
    await expect(runner.runSingleSequence(manager.add({ ...ana, id: 'u2' }, 'b'))).rejects.toThrow(
      'You may not write here.',
    );
    expect([seen, await texts()]).toEqual([['a'], ['a']]);
  });
});

describe('G7: errors', () => {
  test('known ones pass as they are', async () => {
    const error = conflict();
    await expect(runner.runSingle(fail(ana, { error }))).rejects.toBe(error);
    expect(logged.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  test('what whoever runs the runner calls known passes, too', async () => {
    class Own extends Error {}
    const log = createLogger('test', 'silent');
    const own = new TaskRunner({
      actions: new Actions({ db: database.db, log }),
      log,
      isKnown: (e) => e instanceof Own,
    });
    await expect(own.runSingle(fail(ana, { error: new Own('mine') }))).rejects.toThrow('mine');
  });

  test.each([new Error('password=hunter2'), 'a text', undefined])(
    'unknown ones are logged and masked: %s',
    async (error) => {
      const masked = await runner.runSingle(fail(ana, { error })).catch((caught: unknown) => caught as MaskedError);
      expect(masked).toBeInstanceOf(MaskedError);
      expect(JSON.stringify([(masked as MaskedError).message, masked])).not.toContain('hunter2');
      const [line] = logged.filter(({ level }) => Number(level) >= 50);
      expect(line).toMatchObject({ task: 'notes.fail', actor: 'u1', reference: (masked as MaskedError).reference });
      if (error instanceof Error) expect(JSON.stringify(line)).toContain('hunter2');
    },
  );

  test('what the database says against a value is masked, with the value', async () => {
    await runner.runSingle(write(ana, { text: 'secret text' }));
    const masked = await runner.runSingle(write(ana, { text: 'secret text' })).catch((caught: unknown) => caught);
    expect(masked).toBeInstanceOf(MaskedError);
    expect(String(masked)).not.toContain('secret');
  });

  test('in many, each error is known or masked by itself', async () => {
    const [known, unknown] = await runner.runMultiple([
      fail(ana, { error: conflict() }),
      fail(ana, { error: new Error('x') }),
    ]);
    expect([known, unknown]).toMatchObject([{ error: { type: 'taken' } }, { error: { task: 'notes.fail' } }]);
  });
});

describe('what the database wants begun anew', () => {
  test('a deadlock is, and both sequences are done', async () => {
    await database.db('notes').insert([
      { id: 1, text: 'one' },
      { id: 2, text: 'two' },
    ]);
    const met = new Map<string, () => void>();
    const both = Promise.all(['a', 'b'].map((who) => new Promise<void>((done) => met.set(who, done))));
    const touch = defineTask<{ id: number; wait?: string }, void, Notes>({
      name: 'notes.touch',
      service: notes,
      run: async ({ input, trx }) => {
        await trx('notes')
          .where({ id: input.id })
          .update({ text: database.db.raw(`text || '.'`) });
        if (!input.wait) return;
        met.get(input.wait)?.();
        await both;
      },
    });
    await Promise.all([
      runner.runSingleSequence(sequence(touch(ana, { id: 1, wait: 'a' }), touch(ana, { id: 2 }))),
      runner.runSingleSequence(sequence(touch(ana, { id: 2, wait: 'b' }), touch(ana, { id: 1 }))),
    ]);
    expect(await database.db('notes').orderBy('id').pluck('text')).toEqual(['one..', 'two..']);
    expect(logged.some(({ msg }) => String(msg).includes('begun anew'))).toBe(true);
  });

  test('serialization failures are: twenty who count and add at once come to twenty', async () => {
    const db = openDatabase(database.url, { max: 8, name: 'serial' });
    try {
      const log = createLogger('test', 'silent');
      const many = new TaskRunner({ actions: new Actions({ db, log }), log });
      await database.db('notes').insert({ id: 1, text: '0' });
      const add = defineTask<object, void, Notes>({
        name: 'notes.increase',
        service: notes,
        run: async ({ trx }) => {
          const note = await trx('notes').where({ id: 1 }).first<{ text: string }>();
          await trx('notes')
            .where({ id: 1 })
            .update({ text: String(Number(note.text) + 1) });
        },
      });
      // Three at a time: each is begun anew a few times, not without end.
      for (let round = 0; round < 4; round++)
        await Promise.all(Array.from({ length: 3 }, () => many.runSingle(add(ana, {}), { isolation: 'serializable' })));
      expect(await texts()).toEqual(['12']);
    } finally {
      await db.destroy();
    }
  });
});

describe('stopping', () => {
  test('a sequence that is told to stop does no further task, and nothing of it is committed', async () => {
    const stop = new AbortController();
    const last = write(ana, { text: 'b' });
    const stopping = defineTask<object, void, Notes>({
      name: 'notes.stop',
      service: notes,
      run: async () => stop.abort('enough'),
    });
    const running = runner.runSingleSequence(sequence(write(ana, { text: 'a' }), stopping(ana, {}), last), {
      signal: stop.signal,
    });
    await expect(running).rejects.toThrow(TaskStoppedError);
    expect([await texts(), last.status]).toEqual([[], 'new']);
  });

  test('one that takes too long is ended by the database, and rolled back', async () => {
    const sleep = defineTask<object, void, Notes>({
      name: 'notes.sleep',
      service: notes,
      run: async ({ trx }) => void (await trx.raw('select pg_sleep(20)')),
    });
    const running = runner.runSingleSequence(sequence(write(ana, { text: 'a' }), sleep(ana, {})), { timeoutMs: 50 });
    await expect(running).rejects.toThrow(TaskStoppedError);
    expect(await texts()).toEqual([]);
  });
});
