import { describe, expect, it } from 'vitest';
import { exportOptions, exportRequestSchema } from '../export-request.js';
import { fieldErrors } from '../field-errors.js';
import { SIGNATURE_LIMITS } from './signature.js';

const task = { task: 'a.b' };
const errorsOf = (body: unknown) => fieldErrors(exportRequestSchema.safeParse(body).error?.issues ?? []);
const request = (lists: object) => ({ outputType: 'shp', ...lists });
const times = (n: number, value: object = task) => Array.from({ length: n }, () => value);
const next = (lists: object) => ({ task: 'export.project', args: { project: 'p', request: request(lists) } });

/** A signature that is `deep` deep, made of what `wrap` puts around another. */
function nested(deep: number, wrap: (inner: object) => object): object {
  let value: object = task;
  for (let depth = 1; depth < deep; depth += 1) value = wrap(value);
  return value;
}

describe('a request may hold', () => {
  it.each([
    ['as many signatures as the limit says', { onSuccess: times(200), onFailure: [{ group: times(49) }] }],
    [
      'signatures as deep as the limit says',
      { onSuccess: [nested(SIGNATURE_LIMITS.depth, (inner) => ({ chain: [inner] }))] },
    ],
    ['next exports as deep as the limit says', { onSuccess: [nested(12, (inner) => next({ onFailure: [inner] }))] }],
    [
      'any text and any name that the database can keep',
      { onSuccess: [{ ...task, args: { '\u0001😀\uffff': ['\u2028\ud83d\ude00'] } }] },
    ],
  ])('%s', (_what, lists) => {
    expect(errorsOf(request(lists))).toEqual([]);
  });
});

describe('a request is refused, naming the place, the limit and what there is,', () => {
  const deeper = (pointer: string) => [{ pointer, detail: 'signatures stand more than 12 deep inside one another' }];
  it.each<[string, (inner: object) => object, string]>([
    ['chains', (inner) => ({ chain: [inner, task] }), '/chain/0'],
    ['groups', (inner) => ({ group: [inner] }), '/group/0'],
    ['chords', (inner) => ({ chord: [inner], body: task }), '/chord/0'],
    ['bodies', (inner) => ({ chord: [], body: inner }), '/body'],
    ['onSuccess', (inner) => ({ ...task, onSuccess: [inner] }), '/onSuccess/0'],
    ['onFailure', (inner) => ({ ...task, onFailure: [inner] }), '/onFailure/0'],
    ['next exports', (inner) => next({ onSuccess: [inner] }), '/args/request/onSuccess/0'],
  ])('for %s that are too deep', (_what, wrap, step) => {
    expect(errorsOf(request({ onFailure: [nested(13, wrap)] }))).toEqual(deeper(`/onFailure/0${step.repeat(12)}`));
  });

  it.each([
    [{ onSuccess: times(251) }, '/onSuccess'],
    [{ onSuccess: times(200), onFailure: [{ group: times(50) }] }, '/onFailure'],
    [{ onSuccess: [next({ onSuccess: times(125), onFailure: times(125) })] }, '/onSuccess'],
  ])('for too many signatures, wherever they are', (lists, pointer) => {
    const detail = 'the request holds more than 250 signatures';
    expect(errorsOf(request(lists))).toEqual([{ pointer, detail }]);
  });

  it('for too many bytes, counted as UTF-8', () => {
    const lists = { onSuccess: [task], onFailure: [{ ...task, args: { text: 'я'.repeat(140_000) } }] };
    const detail = "the request's signatures are more than 262144 bytes of JSON";
    expect(errorsOf(request(lists))).toEqual([{ pointer: '/onFailure', detail }]);
  });

  it.each<[string, unknown, string]>([
    ['U+0000 in a text', { a: ['x\0y'] }, '/onSuccess/0/args/a/0'],
    ['U+0000 in a name', { 'x\0y': 1 }, '/onSuccess/0/args/x\0y'],
    ['half a surrogate pair', { a: 'x\ud83dy' }, '/onSuccess/0/args/a'],
    ['a number past all measure', { a: JSON.parse('1e400') }, '/onSuccess/0/args/a'],
    ['a name that objects use themselves', JSON.parse('{"__proto__": {}}'), '/onSuccess/0/args/__proto__'],
  ])('for %s', (_what, args, pointer) => {
    const errors = errorsOf(request({ onSuccess: [{ ...task, args }] }));
    expect(errors).toEqual([{ pointer, detail: expect.stringMatching(/U\+0000|surrogate|too large|not taken/) }]);
  });

  it('for arguments nested without end', () => {
    const args = JSON.parse(`${'{"a":['.repeat(60)}${']}'.repeat(60)}`);
    const [error, ...others] = errorsOf(request({ onSuccess: [{ ...task, args }] }));
    expect(others).toEqual([]);
    expect(error?.pointer).toMatch(/^\/onSuccess\/0\/args(\/a\/0)+$/);
    expect(error?.detail).toBe('lists and objects stand more than 100 deep inside one another');
  });
});

describe('nothing beyond a limit is looked at', () => {
  const trap = Object.defineProperty({}, 'task', {
    enumerable: true,
    get: () => {
      throw new Error('it was looked at');
    },
  });
  const many = (held: unknown) => [...Array.from({ length: 200_000 }, () => held), trap];
  it.each<[string, object]>([
    ['among signatures', { onSuccess: many({}) }],
    ['among what is no signature', { onSuccess: many([]) }],
    ['among arguments', { onSuccess: [{ ...task, args: { a: many([]) } }] }],
    ['inside what is too deep', { onSuccess: [nested(12, (inner) => ({ chain: [inner] })), { chain: many({}) }] }],
  ])('%s', (_what, lists) => {
    expect(errorsOf(request(lists))).toEqual([
      { pointer: '/onSuccess', detail: expect.stringMatching(/more than (250 signatures|262144 bytes)/) },
    ]);
  });

  it('among formats', () => {
    expect(errorsOf({ formats: Array.from({ length: 100_000 }, () => 1) })).toEqual([
      { pointer: '/formats', detail: 'takes at most 50 formats' },
    ]);
  });
});

describe('a body nested a hundred thousand deep is refused like any other', () => {
  const deep = (open: string, close: string) => JSON.parse(`${open.repeat(100_000)}1${close.repeat(100_000)}`);
  it.each<[string, () => unknown, string]>([
    ['chains', () => request({ onSuccess: [deep('{"chain":[', ']}')] }), 'stand more than 12 deep'],
    ['callbacks', () => request({ onFailure: [deep('{"task":"a.b","onFailure":[', ']}')] }), 'stand more than 12 deep'],
    ['lists', () => request({ onSuccess: deep('[', ']') }), 'stand more than 100 deep'],
    ['arguments', () => request({ onSuccess: [{ ...task, args: deep('{"a":', '}') }] }), 'stand more than 100 deep'],
    ['a field that is not known', () => request({ other: deep('[', ']') }), 'this field is not known'],
    ['options', () => request({ csv: deep('{"a":', '}') }), 'this field is not known'],
    ['the body itself', () => deep('[', ']'), 'expected object'],
  ])('of %s', (_what, body, detail) => {
    expect(errorsOf(body())[0]?.detail).toContain(detail);
  });
});

it('a request keeps whether it may be partial among its options', () => {
  expect(exportOptions(exportRequestSchema.parse(request({}))).allowPartial).toBe(false);
  expect(exportOptions(exportRequestSchema.parse(request({ allowPartial: true }))).allowPartial).toBe(true);
  expect(errorsOf(request({ allowPartial: 'yes' }))).toMatchObject([{ pointer: '/allowPartial' }]);
});
