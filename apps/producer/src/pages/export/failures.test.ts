import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LANGUAGE_TAGS } from '@parcelpost/shared/languages.js';
import { describe, expect, it } from 'vitest';
import { EXPORT } from '../words/export.js';
import { FAILURES, FAULTS } from './failures.js';

const ROOT = new URL('../../../../../', import.meta.url).pathname;

/** Every source file below these folders. */
function sources(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  );
}

const found = (texts: readonly string[], ...patterns: RegExp[]) => [
  ...new Set(
    texts.flatMap((text) => patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code]) => `${code}`))),
  ),
];

describe('every code that the sources fail with has words on the page', () => {
  it('of exports', () => {
    const codes = [
      ...found(
        sources('apps/worker/src', 'packages/shared/src'),
        /new ExportError\(\s*'([a-z-]+)'/g,
        /\bfailed\('([a-z-]+)'/g,
      ),
      ...found(sources('packages/shared/src/platform-client'), /\bcode: '([a-z-]+)'/g, /_GONE = '([a-z-]+)'/g),
      ...['failure', 'judge', 'reconcile'].flatMap((name) =>
        found([readFileSync(join(ROOT, `apps/worker/src/processors/${name}.ts`), 'utf8')], /\bcode: '([a-z-]+)'/g),
      ),
      'cancelled',
    ];
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !Object.hasOwn(FAILURES, code))).toEqual([]);
    // And none that nobody fails with any more.
    expect(Object.keys(FAILURES).filter((code) => !codes.includes(code))).toEqual([]);
  });

  it('of follow-ups', () => {
    const worker = sources('apps/worker/src');
    const codes = [
      ...found(worker, /new (?:\w*FollowUp|Postponed|RetryAfter)Error\(\s*'([a-z-]+)'/g),
      ...['follow-up', 'lost-follow-ups', 'collect', 'released'].flatMap((name) =>
        found([readFileSync(join(ROOT, `apps/worker/src/processors/${name}.ts`), 'utf8')], /\bcode: '([a-z-]+)'/g),
      ),
      ...['follow-ups', 'canvas-values'].flatMap((name) =>
        found([readFileSync(join(ROOT, `packages/shared/src/db/services/${name}.ts`), 'utf8')], /\bcode: '([a-z-]+)'/g),
      ),
    ];
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => !Object.hasOwn(FAULTS, code))).toEqual([]);
  });
});

/** The texts of an object, by their paths. */
function texts(words: object, path = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[`${path}/${key}`, value]] : texts(value, `${path}/${key}`),
  );
}
const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

describe.each(LANGUAGE_TAGS)('the words of the page in %s', (language) => {
  it('have what the English ones have, with the same values in them', () => {
    const english = new Map(texts(EXPORT.en));
    for (const [path, text] of texts(EXPORT[language])) {
      expect(text.trim(), path).not.toBe('');
      const model = english.get(path) ?? english.get(path.replace(/\/(one|many|other)$/, '/other'));
      expect(placeholders(text), path).toEqual(placeholders(model ?? ''));
    }
  });
});
