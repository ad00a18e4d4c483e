import { expect, it } from 'vitest';
import { z } from 'zod';
import { fieldErrors } from './field-errors.js';

const schema = z.strictObject({ list: z.array(z.strictObject({ 'a/b~c': z.number() })).optional() });
const issues = (of: z.ZodType, value: unknown) => of.safeParse(value).error?.issues ?? [];

it('points at each wrong field by JSON Pointer, with its escapes', () => {
  const wrong = { list: [{ 'a/b~c': 1 }, { 'a/b~c': 'x', 'd/e': 1 }], other: 1 };
  const errors = fieldErrors(issues(schema, wrong), { unknown: 'unknown argument' });
  expect(errors.map((error) => error.pointer).sort()).toEqual(['/list/1/a~1b~0c', '/list/1/d~1e', '/other']);
  expect(errors.filter((error) => error.detail === 'unknown argument').map((error) => error.pointer)).toEqual([
    '/list/1/d~1e',
    '/other',
  ]);
});

it('points at the document itself by the empty pointer', () => {
  expect(fieldErrors(issues(schema, []))).toMatchObject([{ pointer: '' }]);
});

it('points into the alternative that was meant, and names the types where none was', () => {
  const to = z.object({ to: z.union([z.string(), z.array(z.string().max(3))]) });
  expect(fieldErrors(issues(to, { to: ['abc', 'abcd'] }))).toMatchObject([{ pointer: '/to/1' }]);
  expect(fieldErrors(issues(to, { to: 7 }))).toEqual([{ pointer: '/to', detail: 'must be of type string or array' }]);
  const odd = z.union([z.literal('a'), z.literal('b')]);
  expect(fieldErrors(issues(odd, 'c'))).toEqual([{ pointer: '', detail: expect.stringMatching(/./) }]);
});

it('names a hundred wrong fields at most, and no name that is too long to repeat', () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 1]));
  expect(fieldErrors(issues(schema, many))).toHaveLength(100);
  expect(fieldErrors(issues(z.array(z.string()), Array(5000).fill(1)))).toHaveLength(100);
  const long = { list: [{ 'a/b~c': 1, ['x'.repeat(100_000)]: 1 }] };
  expect(fieldErrors(issues(schema, long))).toEqual([
    { pointer: '/list/0', detail: 'a field in it, of a name too long to repeat: this field is not known' },
  ]);
  const talkative = z.string().refine(() => false, 'x'.repeat(5000));
  expect(fieldErrors(issues(talkative, ''))[0]?.detail).toHaveLength(1001);
});

it('writes places as it is told to', () => {
  const limit = z.object({ limit: z.number().max(10) });
  expect(fieldErrors(issues(limit, { limit: 11 }), { place: (path) => path.join('.') })).toMatchObject([
    { pointer: 'limit' },
  ]);
});
