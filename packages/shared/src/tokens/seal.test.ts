import { expect, it } from 'vitest';
import { SealError, seal, unseal } from './seal.js';

const first = 'first secret of more than thirty-two characters';
const second = 'second secret of more than thirty-two characters';
const text = JSON.stringify({ scheme: 'TmpToken', token: 'ключ-🔑-鍵' });

it('opens with its secret and for what it belongs to', () => {
  expect(unseal(seal(text, [first], 'export-1'), [first], 'export-1')).toBe(text);
  expect(unseal(seal('', [first], ''), [first], '')).toBe('');
});

it('shows nothing of its text, and never looks the same twice', () => {
  const sealed = seal(text, [first], 'export-1');
  expect(sealed).not.toContain('TmpToken');
  expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes('TmpToken')).toBe(false);
  expect(seal(text, [first], 'export-1')).not.toBe(sealed);
});

it('opens while secrets rotate, until the old one is dropped', () => {
  const sealed = seal(text, [first], 'e');
  expect(unseal(sealed, [second, first], 'e')).toBe(text);
  expect(() => unseal(sealed, [second], 'e')).toThrow(SealError);
  expect(unseal(seal(text, [second, first], 'e'), [second], 'e')).toBe(text);
});

it('does not open for another export', () => {
  expect(() => unseal(seal(text, [first], 'export-1'), [first], 'export-2')).toThrow(SealError);
});

it('does not open when any one byte was changed', () => {
  const [version, kid, content = ''] = seal('abc', [first], 'e').split('.');
  const box = Buffer.from(content, 'base64url');
  for (let i = 0; i < box.length; i++) {
    const changed = Buffer.from(box);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(() => unseal(`${version}.${kid}.${changed.toString('base64url')}`, [first], 'e')).toThrow(SealError);
  }
});

it.each(['', 'v1', 'v2.a.b', 'v1.a.b', 'hello world', 'v1.a.b.c'])('refuses %j and does not repeat it', (sealed) => {
  expect(() => unseal(sealed, [first], 'e')).toThrow(SealError);
});

it('seals nothing without a secret', () => {
  expect(() => seal(text, [], 'e')).toThrow(/no secret/);
});
