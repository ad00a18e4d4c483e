import { expect, it } from 'vitest';
import { failureInput, faultInput, NO_INPUT, successInput, valueInput } from '../../../test/support/follow-ups.js';
import { bareInput } from './export-result.js';

it('a task of another service gets its input without the word that says what it is', () => {
  expect(bareInput(successInput())).toEqual(successInput().result);
  expect(bareInput(valueInput([1, null]))).toEqual([1, null]);
  expect(bareInput(faultInput())).toEqual(faultInput().fault);
  expect(bareInput(NO_INPUT)).toBeNull();
});

it('of a failed export it gets code, message, step, shard and attempts first, and the report beside them', () => {
  const { failure, ...report } = failureInput().report;
  expect(bareInput(failureInput())).toEqual({ ...failure, ...report });
  expect(Object.keys(bareInput(failureInput()) as object).slice(0, 5)).toEqual([
    'code',
    'message',
    'step',
    'shard',
    'attempts',
  ]);
});
