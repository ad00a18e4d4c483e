import { LANGUAGE_TAGS, languageOf } from '@parcelpost/shared/languages.js';
import { describe, expect, test } from 'vitest';
import { TABLES } from '../../csv/tables.js';
import { leftOutWarnings } from '../info.js';
import { en, type Key } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { id } from './id.js';
import { speakerOf } from './languages.js';
import { pt } from './pt.js';
import { type Language, PLACEHOLDER, type Text } from './speaker.js';
import { sw } from './sw.js';

const OTHERS: [tag: string, language: Language][] = Object.entries({ es, fr, id, pt, sw });

const forms = (text: Text) => (typeof text === 'string' ? [text] : Object.values(text));
const placeholders = (text: string) => [...text.matchAll(PLACEHOLDER)].map(([, name]) => name).sort();
/** Every form of a text names the same; which that is. */
function named(text: Text): (string | undefined)[] {
  const [first = '', ...others] = forms(text);
  for (const other of others) expect(placeholders(other), other).toEqual(placeholders(first));
  return placeholders(first);
}

test('there are six languages', () => {
  expect(LANGUAGE_TAGS.toSorted()).toEqual(['en', 'es', 'fr', 'id', 'pt', 'sw']);
});

describe.each(OTHERS)('the texts in %s', (tag, language) => {
  const keys = Object.keys(en) as Key[];

  test('are all that there are in English, name the same values, and are translated', () => {
    expect(Object.keys(language.texts).toSorted()).toEqual(keys.toSorted());
    for (const key of keys) expect([key, named(language.texts[key])]).toEqual([key, named(en[key])]);
    const long = keys.filter((key) => forms(en[key]).some((text) => text.length > 25));
    for (const key of long) expect(forms(language.texts[key]), key).not.toEqual(forms(en[key]));
  });

  test('have every plural form that the language has', () => {
    const needed = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const key of keys.filter((each) => /^count[A-Z]/.test(each))) {
      expect([key, Object.keys(language.texts[key]).toSorted()]).toEqual([key, needed.toSorted()]);
    }
  });

  test('name the columns of every table', () => {
    const labels = Object.values(TABLES).flatMap(({ fixed }) => fixed.map(({ label }) => label));
    expect(new Set(Object.keys(language.labels))).toEqual(new Set(labels));
  });

  test('tell the same warnings as every other language, and each of what no shapefile can hold', () => {
    const codes = (each: Language) => Object.keys(each.warnings).toSorted();
    expect(codes(language)).toEqual(codes(es));
    const found = { count: 2, ids: [] };
    const reasons = { nullGeometry: found, emptyGeometry: found, geometryCollection: found, notFinite: found };
    for (const { code } of leftOutWarnings({ ...reasons, tooFewPoints: found }, true))
      expect(codes(language)).toContain(code);
    for (const [code, text] of Object.entries(language.warnings)) {
      expect([code, named(text)]).toEqual([code, named(es.warnings[code] as Text)]);
    }
  });
});

test('the language is chosen by the first part of a tag, and is English where there is none', () => {
  const chosen = ['pt-BR', 'es-419', 'sw-KE', 'FR', 'in', 'en-GB', 'de', 'zh-Hant', '', 'not a tag', '__proto__'];
  expect(chosen.map(languageOf)).toEqual(['pt', 'es', 'sw', 'fr', 'id', 'en', 'en', 'en', 'en', 'en', 'en']);
});

test('plural forms and numbers are the language’s own', () => {
  const said = (tag: string, ...counts: number[]) =>
    counts.map((count) => speakerOf(tag).say('countRecords', { count }));
  expect(said('en', 0, 1, 1234)).toEqual(['0 records', '1 record', '1,234 records']);
  expect(said('es', 0, 1, 12_345, 1_000_000)).toEqual([
    '0 registros',
    '1 registro',
    '12.345 registros',
    '1.000.000 de registros',
  ]);
  // In French nothing is one, and a narrow blank that holds together is between the thousands.
  expect(said('fr', 0, 1, 2, 1234)).toEqual([
    '0 enregistrement',
    '1 enregistrement',
    '2 enregistrements',
    '1\u202f234 enregistrements',
  ]);
  expect(said('id', 1, 1234)).toEqual(['1 catatan', '1.234 catatan']);
  expect(speakerOf('sw').say('countParties', { count: 1 })).toBe('mhusika 1');
  expect(speakerOf('sw').say('countParties', { count: 2 })).toBe('wahusika 2');
});

test('a warning that the language does not know, or of which something is not told, is left to English', () => {
  const speaker = speakerOf('es');
  expect(speaker.warn('no-such', { count: 1 })).toBeUndefined();
  expect(speaker.warn('constructor', { count: 1 })).toBeUndefined();
  expect(speaker.warn('shapefile-text-cut', { count: 1 })).toBeUndefined();
  expect(speaker.warn('shapefile-text-cut', { count: 1, file: 'points.dbf' })).toContain('points.dbf');
});
