import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExactNumber } from '../records.js';
import { losesDigits, parseExactly } from './json.js';

describe('numbers keep every digit', () => {
  test.each([
    '9007199254740993',
    '-123456789012345678901',
    '0.12345678901234567890',
    '1e400',
    '-1.5E-400',
    '9007199254740993.0',
  ])('%s comes out as it came in', (number) => {
    for (const text of [`{"a":${number}}`, `{"a": [1, ${number} ]}`, `[${number}]`, `{"coordinates":${number}}`]) {
      expect(losesDigits(text)).toBe(true);
      expect(JSON.stringify(parseExactly(text).value)).toContain(JSON.stringify(number));
    }
  });

  test('an integer in an attribute that is called coordinates keeps its digits too', () => {
    const { value } = parseExactly('{"attributes":{"coordinates":[1,[2.5,9007199254740993]]}}');
    expect(value).toEqual({ attributes: { coordinates: [1, [2.5, new ExactNumber('9007199254740993')]] } });
  });

  test('any whole number comes out digit for digit', () => {
    fc.assert(
      fc.property(fc.bigInt(), (number) => {
        const { value } = parseExactly(`{"n":${number}}`);
        expect(String((value as { n: unknown }).n)).toBe(String(number));
      }),
    );
  });

  test('any double comes out equal, and as a plain number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const { n } = parseExactly(`{"n":${JSON.stringify(number)}}`).value as { n: number | ExactNumber };
        expect(Number(n)).toBe(number === 0 ? 0 : number);
      }),
    );
  });
});

describe('pages without such numbers stay on the quick path', () => {
  test.each([
    '{"area":1234.5678901234567,"n":9007199254740991}',
    '{"geometry":{"type":"Point","coordinates":[-0.127758300000000012345, 51.50735099999999999e-10]},"a":1}',
    '{"text":"no: 1,x","date":"2020-01-01T00:00:00.0000000000000Z","hash":"e123"}',
    '{"dots":": 1.2.3.4.5.6.7.8.9.0.1.2"}',
  ])('%s', (text) => {
    expect(losesDigits(text)).toBe(false);
    expect(parseExactly(text)).toEqual({ value: JSON.parse(text), exact: false });
  });
});

describe('both paths agree', () => {
  test('on any JSON, with a long number beside it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (json) => {
        const text = JSON.stringify(json);
        const { value } = parseExactly(`[${text},9007199254740993]`);
        // Exact numbers are written in quotes, some of the drawn numbers among them.
        const unquoted = (json: unknown) => JSON.stringify(json).replaceAll(/"(-?\d[\d.e+-]*)"/g, '$1');
        expect(unquoted((value as unknown[])[0])).toBe(unquoted(JSON.parse(text)));
      }),
      { examples: [[JSON.parse('{"__proto__":{"__proto__":1},"constructor":2}')]] },
    );
  });

  test('on keys given twice: the last counts', () => {
    expect(parseExactly('{"a":1,"a":9007199254740993}').value).toEqual({ a: new ExactNumber('9007199254740993') });
    expect(parseExactly('{"a":9007199254740993,"a":2}').value).toEqual({ a: 2 });
  });

  test('on what is not JSON: both throw SyntaxError', () => {
    expect(() => parseExactly('{"a":1')).toThrow(SyntaxError);
    expect(() => parseExactly('{"a":9007199254740993')).toThrow(SyntaxError);
  });
});
