import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AsciiText } from './ascii-text.js';

function written(...values: number[]): string {
  const text = new AsciiText();
  for (const [i, value] of values.entries()) {
    if (i > 0) text.sign(0x2c);
    text.number(value);
  }
  return text.toString();
}

test.each([
  ...[0, -0, 1, -1, 10, 99.9999999, 100, 180, -180, 36.5000001, 0.1, 0.0000001, 0.000001, 0.0000011, -0.5],
  ...[
    1e8,
    99_999_999.9999999,
    99_999_999,
    123_456_789.5,
    1e21,
    1.5e-9,
    2 ** 53,
    0.1 + 0.2,
    5e-324,
    1.7976931348623157e308,
  ],
  ...[Number.NaN, Number.POSITIVE_INFINITY],
])('%d is written as JavaScript writes it', (value) => {
  expect(written(value)).toBe(`${value}`);
});

test('any number is written as JavaScript writes it', () => {
  const decimal = fc
    .tuple(fc.integer({ min: -(10 ** 15), max: 10 ** 15 }), fc.integer({ min: 0, max: 15 }))
    .map(([digits, decimals]) => Number(`${digits}e-${decimals}`));
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.double(), decimal, decimal), { maxLength: 20 }), (values) => {
      expect(written(...values)).toBe(values.join(','));
    }),
    { numRuns: 5000 },
  );
});

test('a text grows past its memory, and begins anew when it is cleared', () => {
  const text = new AsciiText();
  const numbers = Array.from({ length: 20_000 }, (_, i) => i / 7);
  for (const number of numbers) {
    text.number(number);
    text.append(', ');
  }
  expect(text.toString()).toBe(numbers.map((number) => `${number}, `).join(''));
  text.clear();
  text.append('POINT');
  expect(text.toString()).toBe('POINT');
});
