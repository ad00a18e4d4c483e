import { expect, it } from 'vitest';
import { z } from 'zod';
import { fieldErrors } from './validation.js';

const schema = z.strictObject({ list: z.array(z.strictObject({ 'a/b~c': z.number() })).optional() });
const issues = (value: unknown) => schema.safeParse(value).error?.issues ?? [];

it('points at each wrong field by JSON Pointer, with its escapes', () => {
  const errors = fieldErrors(issues({ list: [{ 'a/b~c': 1 }, { 'a/b~c': 'x', 'd/e': 1 }], other: 1 }), true);
  expect(errors.map((error) => error.pointer).sort()).toEqual(['/list/1/a~1b~0c', '/list/1/d~1e', '/other']);
});

it('points at the body itself by the empty pointer', () => {
  expect(fieldErrors(issues([]), true)).toMatchObject([{ pointer: '' }]);
});

it('names parameters as they are called', () => {
  const limit = z.object({ limit: z.coerce.number().max(10) }).safeParse({ limit: 11 });
  expect(fieldErrors(limit.error?.issues ?? [], false)).toMatchObject([{ pointer: 'limit' }]);
});
