import { once } from 'node:events';
import { createServer } from 'node:net';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { connectionFailed, failureError } from './failures.js';

/** The message that people get when this connection fails. */
const said = (cause: unknown) => failureError(connectionFailed('/api/v1/x/', cause), 4).message;

test('a connection that fails is told by its code, never by an address', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const dispatcher = new Agent();
  const error = await request(`http://127.0.0.1:${port}/`, { dispatcher }).catch((reason: unknown) => reason);
  await dispatcher.close();
  expect(String(error)).toContain('127.0.0.1');
  expect(said(error)).toContain('(ECONNREFUSED), after 4 attempts');
  expect(said(error)).not.toMatch(/127\.0\.0\.1|\d{4}/);
});

test.each([
  [Object.assign(new Error('getaddrinfo ENOTFOUND db.inner'), { code: 'ENOTFOUND' }), '(ENOTFOUND)'],
  [Object.assign(new Error('other side closed at 10.0.0.7'), { code: 'UND_ERR_SOCKET' }), '(UND_ERR_SOCKET)'],
  [new Error('10.0.0.7 went away'), '(no reason given)'],
  [Object.assign(new Error('x'), { code: 'connect to 10.0.0.7' }), '(no reason given)'],
  ['10.0.0.7', '(no reason given)'],
])('%s is told as %s', (cause, reason) => {
  expect(said(cause)).toContain(reason);
  expect(said(cause)).not.toMatch(/10\.0|inner/);
});
