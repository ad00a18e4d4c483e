import { describe, expect, it } from 'vitest';
import { problemOf } from './problem.js';
import { transportError } from './transport-errors.js';

const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  new Response(body, { status, headers });
const json = { 'content-type': 'application/problem+json; charset=utf-8' };

describe('an answer that is no success', () => {
  it.each([
    [400, 2],
    [401, 3],
    [403, 3],
    [404, 5],
    [409, 5],
    [410, 5],
    [422, 2],
    [429, 4],
    [500, 4],
    [503, 4],
  ])('of %i ends with %i', async (status, exit) => {
    expect((await problemOf(answer(status, ''))).exit).toBe(exit);
  });

  it('tells title, detail and fields of a problem document, and its type to programs', async () => {
    const document = {
      type: 'https://x.example/problems/a-b',
      title: 'T',
      detail: 'D.',
      errors: [{ pointer: '/a', detail: 'd' }, 7],
    };
    const error = await problemOf(answer(422, JSON.stringify(document), json));
    expect([error.code, error.message, error.details.fields]).toEqual([
      'a-b',
      'T. D.',
      [{ pointer: '/a', detail: 'd' }],
    ]);
  });

  it.each([
    ['a page of a proxy', '<html>', { 'content-type': 'text/html' }],
    ['a document that is none', '{"type":', json],
    ['a document without its words', '{"type":7}', json],
  ])('that is %s says so', async (_, body, headers) => {
    const error = await problemOf(answer(502, body, headers as Record<string, string>));
    expect([error.code, error.details.transient]).toEqual(['http-502', true]);
    expect(error.message).toContain('not in its own words');
  });

  it('that leads elsewhere is not followed, and the place is told without what else is in the address', async () => {
    const error = await problemOf(answer(302, '', { location: 'https://b.example/login?secret=1' }));
    expect([error.exit, error.details.advice]).toEqual([2, ['If you trust https://b.example, give that as --url']]);
  });

  it('tells when to try again', async () => {
    expect((await problemOf(answer(429, '', { 'retry-after': '7' }))).details).toMatchObject({
      transient: true,
      retryAfterMs: 7000,
    });
  });
});

describe('a request without an answer', () => {
  const failed = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

  it.each([
    ['ECONNREFUSED', true, 'nothing listens there'],
    ['ENOTFOUND', false, 'no machine has this name'],
    ['UND_ERR_SOCKET', true, 'the connection broke'],
    ['CERT_HAS_EXPIRED', false, 'certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false, 'certificate'],
  ])('by %s: another try may help: %s', (code, transient, words) => {
    const error = transportError(failed(code), 'https://x.example');
    expect([error.exit, error.details.transient, error.message]).toEqual([
      4,
      transient,
      expect.stringContaining(words),
    ]);
  });

  it('of several addresses tells why the first one failed', () => {
    const all = new AggregateError([Object.assign(new Error(''), { code: 'ECONNREFUSED' })]);
    expect(transportError(new TypeError('fetch failed', { cause: all }), 'h').message).toContain('nothing listens');
  });
});
