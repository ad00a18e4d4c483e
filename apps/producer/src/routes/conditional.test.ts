import { describe, expect, it } from 'vitest';
import { chooseRange, isUnchanged } from './conditional.js';

const modified = new Date('2026-03-01T12:00:00.500Z');
const date = modified.toUTCString();
const validators = { etag: '"abc"', modified };

describe('one range of a file of 100 bytes', () => {
  it.each<[string, unknown]>([
    ['bytes=0-9', { start: 0, end: 9 }],
    ['bytes=90-', { start: 90, end: 99 }],
    ['bytes=90-500', { start: 90, end: 99 }],
    ['bytes=99-99', { start: 99, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-500', { start: 0, end: 99 }],
    ['Bytes= 0-0 ', { start: 0, end: 0 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=100-200', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-0', undefined],
    ['bytes=-', undefined],
    ['bytes=a-b', undefined],
    ['bytes=0x1-5', undefined],
    ['bytes=0-1,5-6', undefined],
    ['lines=0-9', undefined],
    ['0-9', undefined],
  ])('%s', (range, chosen) => {
    expect(chooseRange({ range }, validators, 100)).toEqual(chosen);
  });

  it('no range is the whole file, and an empty file has none', () => {
    expect(chooseRange({}, validators, 100)).toBeUndefined();
    expect(chooseRange({ range: 'bytes=0-' }, validators, 0)).toBe('unsatisfiable');
    expect(chooseRange({ range: 'bytes=-5' }, validators, 0)).toBe('unsatisfiable');
  });
});

describe('If-Range lets a range through only for the version it names', () => {
  it.each<[string, boolean]>([
    ['"abc"', true],
    [date, true],
    ['"other"', false],
    ['W/"abc"', false],
    ['Sun, 01 Mar 2026 11:59:59 GMT', false],
    ['nonsense', false],
  ])('%s', (version, honoured) => {
    const range = chooseRange({ range: 'bytes=0-9', 'if-range': version }, validators, 100);
    expect(range !== undefined).toBe(honoured);
  });
});

describe('a reader that has this version is told so', () => {
  it.each<[Record<string, string>, boolean]>([
    [{ 'if-none-match': '"abc"' }, true],
    [{ 'if-none-match': 'W/"abc"' }, true],
    [{ 'if-none-match': '"x", "abc"' }, true],
    [{ 'if-none-match': '*' }, true],
    [{ 'if-none-match': '"x"' }, false],
    [{ 'if-none-match': '"x"', 'if-modified-since': date }, false],
    [{ 'if-modified-since': date }, true],
    [{ 'if-modified-since': 'Sun, 01 Mar 2026 11:59:59 GMT' }, false],
    [{ 'if-modified-since': 'nonsense' }, false],
    [{}, false],
  ])('%j', (headers, unchanged) => {
    expect(isUnchanged(headers, validators)).toBe(unchanged);
  });
});
