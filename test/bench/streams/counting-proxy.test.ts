import { expect, it } from 'vitest';
import { messageCounter } from './counting-proxy.js';

const message = (type: string, body: string) => {
  const bytes = Buffer.alloc(type.length + 4 + body.length);
  bytes.write(type, 0);
  bytes.writeUInt32BE(4 + body.length, type.length);
  bytes.write(body, type.length + 4);
  return bytes;
};

it('counts queries and executions, however the bytes are cut, and nothing else', () => {
  const sent = Buffer.concat([
    // Who connects: a message without a type, whose body looks like others.
    message('', 'Q\0\0\0\u0005E'),
    message('Q', 'select 1'),
    message('P', 'prepare QE'),
    message('B', ''),
    message('E', 'x'),
    message('S', ''),
    message('Q', 'E'.repeat(70_000)),
  ]);
  for (const size of [1, 3, 7, 64, sent.length]) {
    let statements = 0;
    const read = messageCounter(() => {
      statements += 1;
    });
    for (let at = 0; at < sent.length; at += size) read(sent.subarray(at, at + size));
    expect(statements).toBe(3);
  }
});
