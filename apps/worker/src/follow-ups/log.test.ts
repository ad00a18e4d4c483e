import { PassThrough } from 'node:stream';
import pino from 'pino';
import { expect, it } from 'vitest';
import { failureInput, followUpContext, successInput } from '../../../../test/support/follow-ups.js';
import { logInfo } from './log.js';

function logged(): { log: pino.Logger; lines(): Record<string, unknown>[] } {
  const stream = new PassThrough();
  const lines = () =>
    String(stream.read() ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { log: pino({ level: 'info' }, stream).child({ exportId: 'e-1' }), lines };
}

it('writes one line with the message, the arguments, the kind of input and the export, and leaves nothing', async () => {
  const { log, lines } = logged();
  expect(await logInfo(successInput(), { message: 'ready for the office' }, followUpContext({ log }))).toBeNull();
  expect(lines()).toEqual([
    expect.objectContaining({
      level: 30,
      msg: 'ready for the office',
      args: { message: 'ready for the office' },
      input: 'success',
      exportId: 'e-1',
    }),
  ]);
});

it('writes nothing of what the input holds, and stays one line', async () => {
  const { log, lines } = logged();
  const { failure } = failureInput().report;
  const secret = failureInput({ failure: { ...failure, message: 'with token abc123' } });
  await logInfo(secret, { message: 'two\nlines' }, followUpContext({ log }));
  const [line, ...more] = lines();
  expect(more).toEqual([]);
  expect(line).toMatchObject({ msg: 'two\nlines', input: 'failure' });
  expect(JSON.stringify(line)).not.toContain('abc123');
});
