import { expect, it } from 'vitest';
import { directionOf, knownLanguage, languageOf } from './languages.js';

it.each([
  ['es', 'es'],
  ['pt-BR', 'pt'],
  ['SW-tz', 'sw'],
  ['de', undefined],
  ['constructor', undefined],
  ['', undefined],
  ['*', undefined],
  ['en_US', undefined],
])('%s means %s', (tag, language) => {
  expect(knownLanguage(tag)).toBe(language);
  expect(languageOf(tag)).toBe(language ?? 'en');
});

it('knows which languages are written from right to left', () => {
  expect(['ar', 'fa-IR', 'he', 'en', 'sw'].map(directionOf)).toEqual(['rtl', 'rtl', 'rtl', 'ltr', 'ltr']);
});
