import { LANGUAGE_TAGS } from '@parcelpost/shared/languages.js';
import { describe, expect, it } from 'vitest';
import { PROJECT, type ProjectWords } from './project.js';

/** Plural forms of a text stand for one place; languages differ in how many they have. */
const FORMS = new Set(['one', 'many', 'other']);
const placesOf = (words: object, path = ''): [place: string, text: string][] =>
  Object.entries(words).flatMap(([key, value]: [string, string | object]) => {
    const place = FORMS.has(key) ? path : `${path}/${key}`;
    return typeof value === 'string' ? [[place, value]] : placesOf(value, place);
  });
const values = (text: string) =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).filter((name) => name !== 'count');
/** The same in several languages. */
const NAMES =
  /^(GeoPackage|GeoJSON|Parquet|FlatGeobuf|Shapefiles?|CSV|WKT|Export|Options|Formats|Token|Tab|Details)\b.{0,4}$/;

describe.each(LANGUAGE_TAGS.filter((tag) => tag !== 'en'))('the words of projects’ pages in %s', (tag) => {
  const english = placesOf(PROJECT.en satisfies ProjectWords);
  const words = placesOf(PROJECT[tag]);

  it('are there, each with its values', () => {
    for (const [place, text] of words) {
      const [, model] = english.find(([other]) => other === place) ?? [];
      expect(model, place).toBeDefined();
      expect(text.trim(), place).not.toBe('');
      expect(values(text), place).toEqual(values(model ?? ''));
    }
  });

  it('are not those of English', () => {
    const same = words.filter(([place, text]) => english.some(([other, model]) => other === place && model === text));
    expect(same.filter(([, text]) => text.includes(' ') && !NAMES.test(text) && !text.startsWith('{'))).toEqual([]);
  });
});
