import { LANGUAGE_TAGS } from '@parcelpost/shared/languages.js';
import { expect, it } from 'vitest';
import { COMMON } from './common.js';
import { ERRORS } from './errors.js';
import { SESSION } from './session.js';

type Words = { readonly [key: string]: string | Words };
const leaves = (words: Words, path = ''): [string, string][] =>
  Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}/${key}`, value]] : leaves(value, `${path}/${key}`),
  );
const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

const AREAS: Record<string, Record<string, Words>> = {
  common: COMMON,
  session: SESSION,
  errors: ERRORS as unknown as Record<string, Words>,
};

it.each(Object.keys(AREAS))(
  'every language has all words of %s, none empty, with the same places for values',
  (area) => {
    const english = leaves(AREAS[area]?.en ?? {});
    expect(english.length).toBeGreaterThan(10);
    for (const tag of LANGUAGE_TAGS) {
      const words = new Map(leaves(AREAS[area]?.[tag] ?? {}));
      expect([...words.keys()].sort()).toEqual(english.map(([key]) => key).sort());
      for (const [key, text] of english) {
        expect(words.get(key)?.trim(), `${tag}${key}`).toBeTruthy();
        expect(placeholders(`${words.get(key)}`), `${tag}${key}`).toEqual(placeholders(text));
      }
    }
  },
);

it.each(['session', 'errors'])('no sentence of %s was left in English', (area) => {
  const english = new Map(leaves(AREAS[area]?.en ?? {}));
  for (const tag of LANGUAGE_TAGS.filter((one) => one !== 'en')) {
    for (const [key, text] of leaves(AREAS[area]?.[tag] ?? {})) {
      if (text.includes(' ')) expect(text, `${tag}${key}`).not.toBe(english.get(key));
    }
  }
});
