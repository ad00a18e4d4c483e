import { describe, expect, it } from 'vitest';
import { fieldErrors } from '../field-errors.js';
import { signatureSchema, signaturesSchema } from './schema.js';

const errorsOf = (value: unknown) => fieldErrors(signaturesSchema.safeParse([value]).error?.issues ?? []);
const task = { task: 'a.b' };

it('reads each kind with its defaults, nested at will', () => {
  const linked = { onSuccess: [], onFailure: [] };
  const call = { ...task, args: {}, options: {}, immutable: false, ...linked };
  expect(signatureSchema.parse(task)).toEqual(call);
  expect(
    signatureSchema.parse({
      version: 1,
      chain: [
        { group: [task], onFailure: [task] },
        { chord: [task], body: { chain: [task] }, onSuccess: [task] },
      ],
    }),
  ).toEqual({
    version: 1,
    chain: [
      { group: [call], onSuccess: [], onFailure: [call] },
      { chord: [call], body: { chain: [call], ...linked }, onSuccess: [call], onFailure: [] },
    ],
    ...linked,
  });
});

it('keeps arguments and options as they are given', () => {
  const given = {
    task: 'gis.index-all.v2',
    args: { a: [1, { b: null }], ключ: 'значение', constructor: true },
    options: { attempts: 50, backoff: 0, delay: 2_592_000_000, timeout: 100, priority: 1000 },
    immutable: true,
  };
  expect(signatureSchema.parse(given)).toEqual({ ...given, onSuccess: [], onFailure: [] });
});

it('reads what it has read before to the same', () => {
  const once = signatureSchema.parse({ chord: [{ chain: [task] }], body: task, onFailure: [task] });
  expect(signatureSchema.parse(JSON.parse(JSON.stringify(once)))).toEqual(once);
});

describe('says of a wrong signature what is wrong, and where', () => {
  it.each<[unknown, string, string]>([
    ['msg.email', '/0', 'a signature is an object: give exactly one of task, chain, group, chord'],
    [null, '/0', 'a signature is an object: give exactly one of task, chain, group, chord'],
    [[task], '/0', 'a signature is an object: give exactly one of task, chain, group, chord'],
    [{}, '/0', 'give exactly one of task, chain, group, chord; none of them is here'],
    [{ ...task, chain: [task] }, '/0', 'give exactly one of task, chain, group, chord; task and chain are here'],
    [{ ...task, arg: {} }, '/0/arg', 'this field is not known'],
    [{ ...task, mac: 'v1.x.y' }, '/0/mac', 'this field is not known'],
    [{ chain: [task], args: {} }, '/0/args', 'belongs to a task, not to a chain'],
    [{ group: [task], options: {} }, '/0/options', 'belongs to a task, not to a group'],
    [{ chord: [task], body: task, immutable: true }, '/0/immutable', 'belongs to a task, not to a chord'],
    [{ group: [task], body: task }, '/0/body', 'belongs to a chord, not to a group'],
    [{ chord: [task] }, '/0/body', 'a signature is missing here'],
    [{ chain: [] }, '/0/chain', 'needs at least one step'],
    [{ group: [] }, '/0/group', 'needs at least one member'],
    [{ chord: [], body: task }, '/0/chord', 'needs at least one member'],
    [{ ...task, version: 2 }, '/0/version', 'must be 1, the version that this service knows'],
    [{ task: 'email' }, '/0/task', 'a task is named queue.name, such as msg.email'],
    [{ task: 'msg.' }, '/0/task', 'a task is named queue.name, such as msg.email'],
    [{ task: '7.x' }, '/0/task', 'a task is named queue.name, such as msg.email'],
    [{ task: `a.${'b'.repeat(99)}` }, '/0/task', 'the name of a task has at most 100 characters'],
    [{ ...task, options: { attempts: 0 } }, '/0/options/attempts', 'must be at least 1'],
    [{ ...task, options: { attempts: 51 } }, '/0/options/attempts', 'must be at most 50'],
    [{ ...task, options: { delay: 0.5 } }, '/0/options/delay', 'must be a whole number'],
    [{ ...task, options: { timeout: 99 } }, '/0/options/timeout', 'must be at least 100'],
    [{ ...task, options: { priority: 0 } }, '/0/options/priority', 'must be at least 1'],
    [{ ...task, options: { retries: 1 } }, '/0/options/retries', 'this field is not known'],
    [{ chain: [task, { group: [{ tsk: 1 }] }] }, '/0/chain/1/group/0/tsk', 'this field is not known'],
    [{ chord: [task], body: { chain: [{ task: 7 }] } }, '/0/body/chain/0/task', 'expected string'],
    [{ ...task, onFailure: [{ ...task, onSuccess: [{}] }] }, '/0/onFailure/0/onSuccess/0', 'none of them is here'],
  ])('%j', (value, pointer, detail) => {
    const errors = errorsOf(value);
    expect(errors.map((error) => error.pointer)).toContain(pointer);
    expect(errors.find((error) => error.pointer === pointer)?.detail).toContain(detail);
  });

  it('all of it at once, each thing once', () => {
    const value = { chain: [{ task: 'x' }, { ...task, options: { delay: -1, attempts: 0 } }, {}], onSuccess: 7 };
    expect(
      errorsOf(value)
        .map((error) => error.pointer)
        .sort(),
    ).toEqual([
      '/0/chain/0/task',
      '/0/chain/1/options/attempts',
      '/0/chain/1/options/delay',
      '/0/chain/2',
      '/0/onSuccess',
    ]);
  });
});
