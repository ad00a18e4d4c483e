import { expect, it } from 'vitest';
import { acceptedLanguage, byWeight, wantsHtml } from './negotiate.js';

it.each([
  [undefined, 'en'],
  ['', 'en'],
  ['es', 'es'],
  ['pt-BR,pt;q=0.9,en;q=0.8', 'pt'],
  ['de,fr;q=0.3,sw;q=0.7', 'sw'],
  ['de, *;q=0.5', 'en'],
  ['*, fr;q=0.5', 'en'],
  ['id;q=0, fr;q=0.001', 'fr'],
  ['FR-ca', 'fr'],
  ['es ; q=0.2 , sw;Q=0.9', 'sw'],
  ['fr;q=2, es;q=0.5', 'fr'],
  [';;;,,q=1,\u0000', 'en'],
  ['constructor, es;q=0.1', 'es'],
])('a browser that asks for %j is spoken to in %s', (header, language) => {
  expect(acceptedLanguage(header)).toBe(language);
});

it('keeps the order of what is wanted alike, and looks at a bounded number', () => {
  expect(byWeight('a, b;q=0.5, c, d;q=0.5').map(({ range }) => range)).toEqual(['a', 'c', 'b', 'd']);
  expect(byWeight('x,'.repeat(100_000))).toHaveLength(50);
});

it.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html', true],
  ['application/json, text/html;q=0.9', false],
  ['text/html;q=0.9, application/problem+json;q=0.1', true],
  ['text/html;q=0', false],
  ['*/*', false],
  ['text/*', false],
  ['text/event-stream', false],
  [undefined, false],
])('who accepts %j gets a page: %s', (accept, page) => {
  expect(wantsHtml(accept)).toBe(page);
});
