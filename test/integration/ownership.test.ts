/** Files pass from owner to owner along with what an action does: rules C7 and C8, and the faults that are gone. */
import { randomUUID } from 'node:crypto';
import type { Database } from '@parcelpost/shared/db/database.js';
import { OwnershipService } from '@parcelpost/shared/db/services/ownership.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { type FileOwner, projectOwner, recordOwner, userOwner } from '@parcelpost/shared/files/owner.js';
import { FileTasks, type LaterTransfer } from '@parcelpost/shared/files/transfer.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { Actions } from '@parcelpost/shared/tasks/actions.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';
import { NoActionError, TaskMisuseError } from '@parcelpost/shared/tasks/errors.js';
import { TaskRunner } from '@parcelpost/shared/tasks/runner.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const log = createLogger('test', 'silent');
const ana: Actor = { kind: 'user', id: 'ana', name: 'Ana' };
const ANA = userOwner('ana');
const LONDON = { organization: 'cadasta', project: 'london-2' };

let database: TestDatabase;
let db: Database;
let actions: Actions<never>;
let files: FileTasks;
let runner: TaskRunner;

beforeAll(async () => {
  database = await createTestDatabase();
  // What an action does beside the transfer: a record, as in a ledger.
  await database.db.raw('create table notes (id text primary key, file text)');
  await database.db.raw('grant all on notes to parcelpost_producer');
  db = database.as('producer');
  actions = new Actions({ db, log });
  runner = new TaskRunner({ actions, log });
  files = new FileTasks({ ownership: new OwnershipService(), runner });
});
afterAll(() => database?.drop());

async function upload(owner: FileOwner = ANA, changes: object = {}): Promise<string> {
  const id = randomUUID();
  const about = { kind: 'upload', name: 'a.pdf', media_type: 'application/pdf', bytes: 1, sha256: '00' };
  const whose = { owner_kind: owner.kind, owner_id: owner.id };
  await db('files').insert({
    id,
    storage_key: `uploads/${id}`,
    arrived_at: new Date(),
    ...about,
    ...whose,
    ...changes,
  });
  return id;
}

/** Whose a file is: `user ana`, and whether it is pinned. */
async function ownerOf(id: string): Promise<string> {
  const { owner_kind, owner_id, pinned } = await db('files').where({ id }).first();
  return `${owner_kind} ${owner_id}${pinned ? ', pinned' : ''}`;
}

const notes = async () => (await db('notes').orderBy('id').pluck('id')) as string[];

type Later = Partial<LaterTransfer<{ id: string; file?: unknown; files?: unknown }>>;

/** An action: writes a record, and has files pass to it. `before` is done between the two moments. */
function write(id: string, transfers: Later[], before: () => Promise<unknown> = async () => {}) {
  return actions.run(ana, async (trx) => {
    for (const transfer of transfers) {
      const to = recordOwner(LONDON, id);
      await files.deferTransfer(trx, ana, { files: [], giver: ANA, to, pin: true, ...transfer });
    }
    await before();
    await trx('notes').insert({ id });
    return { id };
  });
}

const named = (...ids: string[]) =>
  ids.map((id, index) => ({ id, pointer: ids.length === 1 ? '/file' : `/files/${index}` }));

/** A refusal, and the fields that it names. */
async function refusal(work: Promise<unknown>): Promise<[string, string[] | undefined]> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof ProblemError)) throw error ?? new Error('it was not refused');
  return [error.type, error.errors?.map(({ pointer }) => pointer)];
}

describe('C7: a field refers to a file that the user owns', () => {
  it('on success the file passes to the record and is pinned', async () => {
    const file = await upload();
    await write('c7', [{ files: named(file) }]);
    expect(await ownerOf(file)).toBe('record cadasta/london-2/c7, pinned');
    expect(await notes()).toContain('c7');
  });

  it('if the action fails the file stays where it is', async () => {
    const file = await upload();
    const failing = write('c7-failed', [{ files: named(file) }], async () => {
      throw new ProblemError(409, 'no', 'No', 'No.');
    });
    expect(await refusal(failing)).toEqual(['no', undefined]);
    expect(await ownerOf(file)).toBe('user ana');
    expect(await notes()).not.toContain('c7-failed');
  });

  it('who may give the file is checked when it is queued, before the action does anything', async () => {
    const whole = await upload();
    const cases = [
      await upload(userOwner('eve')),
      await upload(projectOwner(LONDON)),
      await upload(ANA, { removed_at: new Date() }),
      await upload(ANA, { arrived_at: null }),
      randomUUID(),
      'no id at all',
    ];
    for (const file of cases) {
      let reached = false;
      const work = write('c7-refused', [{ files: named(whole, file) }], async () => {
        reached = true;
      });
      expect(await refusal(work)).toEqual(['file-not-yours', ['/files/1']]);
      expect(reached).toBe(false);
    }
    expect(await ownerOf(whole)).toBe('user ana');
  });

  it('a pinned file moves only by force, and not even then out of somebody else’s hands', async () => {
    const [mine, others] = [await upload(ANA, { pinned: true }), await upload(userOwner('eve'), { pinned: true })];
    expect(await refusal(write('c7-pinned', [{ files: named(mine) }]))).toEqual(['file-pinned', ['/file']]);
    expect(await refusal(write('c7-pinned', [{ files: named(others), force: true }]))).toEqual([
      'file-not-yours',
      ['/file'],
    ]);
    await write('c7-force', [{ files: named(mine), force: true }]);
    expect(await ownerOf(mine)).toBe('record cadasta/london-2/c7-force, pinned');
  });

  it('outside of an action nothing can be queued', async () => {
    const later = { files: named(await upload()), giver: ANA, to: recordOwner(LONDON, 'x'), pin: true };
    await expect(db.transaction((trx) => files.deferTransfer(trx, ana, later))).rejects.toThrow(NoActionError);
  });
});

describe('C8: several files at once', () => {
  it('pass in two statements, however many they are', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => upload()));
    const statements: string[] = [];
    const note = ({ sql }: { sql: string }) => void (sql.includes('"files"') && statements.push(sql));
    db.on('query', note);
    const task = { files: named(...ids), giver: ANA, to: recordOwner(LONDON, 'c8'), pin: true };
    const ends = await runner.runSingle(files.transferOwnership(ana, task));
    db.removeListener('query', note);
    expect(statements.map((sql) => sql.split(' ')[0])).toEqual(['select', 'update']);
    expect(ends).toEqual(ids.map((id) => ({ id, end: 'moved' })));
    for (const id of ids) expect(await ownerOf(id)).toBe('record cadasta/london-2/c8, pinned');
  });

  it('one whose owner is right already is skipped, pinned or not', async () => {
    const to = recordOwner(LONDON, 'c8-skipped');
    const ids = [await upload(), await upload(to, { pinned: true }), await upload(to)];
    const ends = await runner.runSingle(
      files.transferOwnership(ana, { files: named(...ids), giver: ANA, to, pin: true }),
    );
    expect(ends.map(({ end }) => end)).toEqual(['moved', 'skipped', 'skipped']);
    await write('c8-skipped', [{ files: named(...ids) }]);
  });

  it('all pass or none', async () => {
    const [good, bad] = [await upload(), await upload(userOwner('eve'))];
    const task = { files: named(good, bad), giver: ANA, to: recordOwner(LONDON, 'c8'), pin: true };
    expect(await refusal(runner.runSingle(files.transferOwnership(ana, task)))).toEqual([
      'file-not-yours',
      ['/files/1'],
    ]);
    expect(await ownerOf(good)).toBe('user ana');
  });

  it('an id may be taken from the action’s result by a path, and the owner from the result too', async () => {
    const [one, two, three] = [await upload(), await upload(), await upload()];
    await actions.run(ana, async (trx) => {
      await files.deferTransfer<{ record: string; file: string; more: { files: string[] }[] }>(trx, ana, {
        files: [
          { path: '/file', pointer: '/file' },
          { path: '/more/0/files', pointer: '/more' },
        ],
        giver: ANA,
        to: ({ record }) => recordOwner(LONDON, record),
        pin: true,
      });
      return { record: 'made', file: one, more: [{ files: [two, three] }] };
    });
    for (const id of [one, two, three]) expect(await ownerOf(id)).toBe('record cadasta/london-2/made, pinned');
  });

  it('a path that leads to no id is a fault of the program, and nothing is done', async () => {
    const path = [{ path: '/nothing/here', pointer: '/file' }];
    await expect(write('c8-nowhere', [{ files: path }])).rejects.toThrow(TaskMisuseError);
    expect(await notes()).not.toContain('c8-nowhere');
  });

  it('an id of the result is checked as any other', async () => {
    const file = await upload(userOwner('eve'));
    const work = actions.run(ana, async (trx) => {
      const fromResult = [{ path: '/file', pointer: '/file' }];
      await files.deferTransfer(trx, ana, { files: fromResult, giver: ANA, to: recordOwner(LONDON, 'x'), pin: true });
      return { file };
    });
    expect(await refusal(work)).toEqual(['file-not-yours', ['/file']]);
  });
});

describe('fault: the owner is not checked again when the task runs', () => {
  it('a file that changed hands in between is not given, and the record is not saved', async () => {
    const file = await upload();
    const work = write('changed', [{ files: named(file) }], () =>
      database.db('files').where({ id: file }).update({ owner_id: 'eve' }),
    );
    expect(await refusal(work)).toEqual(['file-not-yours', ['/file']]);
    expect(await ownerOf(file)).toBe('user eve');
    expect(await notes()).not.toContain('changed');
  });

  it('nor one that was pinned, or removed, in between', async () => {
    for (const [change, type] of [
      [{ pinned: true }, 'file-pinned'],
      [{ removed_at: new Date() }, 'file-not-yours'],
    ] as const) {
      const file = await upload();
      const work = write('changed', [{ files: named(file) }], () =>
        database.db('files').where({ id: file }).update(change),
      );
      expect(await refusal(work)).toEqual([type, ['/file']]);
    }
    expect(await notes()).not.toContain('changed');
  });

  it('of many actions that give the same file at once, one has it', async () => {
    const file = await upload();
    const ids = Array.from({ length: 8 }, (_, index) => `race-${index}`);
    const ends = await Promise.all(ids.map((id) => write(id, [{ files: named(file) }]).catch(() => undefined)));
    const won = ends.flatMap((end) => end?.id ?? []);
    expect(won).toHaveLength(1);
    expect(await ownerOf(file)).toBe(`record cadasta/london-2/${won[0]}, pinned`);
    expect((await notes()).filter((id) => id.startsWith('race-'))).toEqual(won);
  });
});

describe('fault: the same file twice fails late', () => {
  it('it is refused when it is queued, and the field is named', async () => {
    const [file, other] = [await upload(), await upload()];
    let reached = false;
    const work = write('twice', [{ files: named(file, other, file.toUpperCase()) }], async () => {
      reached = true;
    });
    expect(await refusal(work)).toEqual(['file-given-twice', ['/files/2']]);
    expect(reached).toBe(false);
    const task = { files: named(file, file), giver: ANA, to: recordOwner(LONDON, 'x'), pin: true };
    expect(await refusal(runner.runSingle(files.transferOwnership(ana, task)))).toEqual([
      'file-given-twice',
      ['/files/1'],
    ]);
  });

  it('also by two parts of the action that know nothing of each other, and by an action within it', async () => {
    const file = await upload();
    const [first, second] = [{ files: named(file) }, { files: [{ id: file, pointer: '/cover' }] }];
    expect(await refusal(write('twice', [first, second]))).toEqual(['file-given-twice', ['/cover']]);
    expect(await refusal(write('twice', [first], () => write('inner', [second])))).toEqual([
      'file-given-twice',
      ['/cover'],
    ]);
    expect(await ownerOf(file)).toBe('user ana');
  });

  it('but what a refused transfer was to give, another one of the same action may', async () => {
    const [file, others] = [await upload(), await upload(userOwner('eve'))];
    const to = recordOwner(LONDON, 'second-choice');
    const given = { giver: ANA, to, pin: true };
    await actions.run(ana, async (trx) => {
      const both = files.deferTransfer(trx, ana, { ...given, files: named(file, others) });
      expect(await refusal(both)).toEqual(['file-not-yours', ['/files/1']]);
      const twice = files.deferTransfer(trx, ana, { ...given, files: named(file, file) });
      expect(await refusal(twice)).toEqual(['file-given-twice', ['/files/1']]);
      await files.deferTransfer(trx, ana, { ...given, files: named(file) });
    });
    expect(await ownerOf(file)).toBe('record cadasta/london-2/second-choice, pinned');
  });

  it('but what an inner action was to give, and was rolled back, the outer one may give', async () => {
    const file = await upload();
    const given = { files: named(file) };
    await actions.run(ana, async (trx) => {
      const inner = write('rolled-back', [given], async () => {
        throw new Error('given up');
      });
      await expect(inner).rejects.toThrow('given up');
      await files.deferTransfer(trx, ana, { ...given, giver: ANA, to: recordOwner(LONDON, 'outer'), pin: true });
    });
    expect(await ownerOf(file)).toBe('record cadasta/london-2/outer, pinned');
  });
});
