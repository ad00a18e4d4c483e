import { expect, test } from 'vitest';
import { FileBudget } from './file-budget.js';

test('a file, and all files together, are refused as soon as they are too large; what came to nothing counts nothing', () => {
  const budget = new FileBudget({ file: 10, all: 25 });
  const first = budget.open();
  first.take(10);
  expect(() => first.take(1)).toThrow(expect.objectContaining({ code: 'resource-too-large', permanent: true }));
  first.giveBack();
  const [second, third, fourth] = [budget.open(), budget.open(), budget.open()];
  second.take(10);
  third.take(10);
  expect(() => fourth.take(6)).toThrow('RESOURCE_TOTAL_MB');
  fourth.giveBack();
  budget.open().take(5);
});
