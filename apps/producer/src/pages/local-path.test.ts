import { expect, it } from 'vitest';
import { localPath } from './local-path.js';

it.each(['/exports', '/exports/5f0c6d1e-0000-4000-8000-000000000000', '/exports?x=1', '/'])('stays at %s', (path) => {
  expect(localPath(path)).toBe(path);
});

it.each([
  undefined,
  '',
  'exports',
  'https://example.org/',
  '//example.org/',
  '/\\example.org/',
  '/%5cexample.org/',
  '/..//example.org',
  '/\texample.org',
  '/exports\r\nSet-Cookie: a=b',
  'javascript:alert(1)',
])('%j leads to the start', (path) => {
  expect(localPath(path)).toBe('/');
});
