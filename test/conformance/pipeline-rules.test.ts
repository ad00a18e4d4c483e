/** docs/pipeline.md names the tests of each rule and of each fault that is gone: each of them is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../support/root.js';

/** The faults of the system that was before: none may be left out. */
const FAULTS = 9;

interface Promised {
  promise: string;
  tests: { file: string; title: string }[];
}

function promises(text: string): Promised[] {
  return text
    .split('\n\n')
    .filter((block) => block.replace(/^## .*\n/, '').startsWith('**'))
    .map((block) => ({
      promise: /\*\*([^*]+)\*\*/.exec(block)?.[1] ?? '',
      tests: [...block.matchAll(/^- `([^`]+)`: (.+)$/gm)].map(([, file = '', title = '']) => ({ file, title })),
    }));
}

const [rules = '', faults = ''] = readFileSync(join(ROOT, 'docs/pipeline.md'), 'utf8').split(
  '\n## Faults that are gone\n',
);

test('every rule from V1 to V8, and every fault, has tests', () => {
  const found = promises(rules);
  expect(found.map(({ promise }) => promise.slice(0, 3))).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((rule) => `V${rule}.`));
  expect(promises(faults)).toHaveLength(FAULTS);
  for (const { promise, tests } of [...found, ...promises(faults)]) expect(tests.length, promise).toBeGreaterThan(0);
});

const named = [...promises(rules), ...promises(faults)].flatMap(({ tests }) => tests);

test.each(named)('$file has: $title', ({ file, title }) => {
  const path = join(ROOT, file);
  expect(existsSync(path)).toBe(true);
  // As the title of a test that runs, and not in a comment.
  const source = readFileSync(path, 'utf8').replaceAll("\\'", "'");
  const at = source.search(literally(title));
  expect(at, 'no test of this title').toBeGreaterThan(0);
  expect(source.slice(0, at)).toMatch(/\b(test|it|describe)(\.(sequential|each\([\s\S]*\)))?\(\s*['"`]$|\]\)\(\s*'$/);
});

const literally = (text: string) => new RegExp(text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
