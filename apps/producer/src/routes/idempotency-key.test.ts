import { ProblemError } from '@parcelpost/shared/errors.js';
import { describe, expect, it } from 'vitest';
import { idempotencyKey } from './idempotency-key.js';

const UUID = '8e03978e-40d5-43dd-bc93-6894a57f9324';

describe('an Idempotency-Key', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['that is absent is none', undefined, undefined],
    ['is a String of structured fields', `"${UUID}"`, UUID],
    ['without quotes is the same key', UUID, UUID],
    ['may have blanks around it', ` "${UUID}" `, UUID],
    ['may hold anything printable, commas too', '"a, b; c=1 {}"', 'a, b; c=1 {}'],
    ['may hold escaped quotes and backslashes', '"a\\"b\\\\c"', 'a"b\\c'],
    ['may have parameters, which mean nothing', '"k"; a;b=1;c="x"', 'k'],
    ['may be as long as 255 characters', `"${'x'.repeat(255)}"`, 'x'.repeat(255)],
    ['counts characters without their escapes', `"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ])('%s', (_, header, key) => {
    expect(idempotencyKey(header)).toBe(key);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['an empty String', '""'],
    ['too much', `"${'x'.repeat(256)}"`],
    ['too much without quotes', 'x'.repeat(256)],
    ['two keys', '"a", "b"'],
    ['two keys without quotes', 'a, b'],
    ['no end', '"a'],
    ['a quote inside', '"a"b"'],
    ['an unknown escape', '"a\\n"'],
    ['a control character', '"a\tb"'],
    ['letters that are not ASCII', '"ключ"'],
    ['a parameter without a name', '"a";=1'],
    ['an Item of another kind', ':YQ==:;'],
  ])('of %s is refused, and the answer says what is wanted', (_, header) => {
    const refused = () => idempotencyKey(header);
    expect(refused).toThrow(ProblemError);
    expect(refused).toThrow(/double quotes/);
  });

  it('is read in a time that does not grow with the square of its length', () => {
    const hostile = `"a"${';a'.repeat(8000)}!`;
    const before = performance.now();
    expect(() => idempotencyKey(hostile)).toThrow(ProblemError);
    expect(performance.now() - before).toBeLessThan(200);
  });
});
