/** Says the texts of the readmes in a language, with its plural forms and its way of writing numbers. */
import { lazily } from '@parcelpost/shared/lazily.js';
import type { Key } from './en.js';

/** A text; or one for each plural form that it has in its language (CLDR), by the value `count`. */
export type Text = string | { one?: string; many?: string; other: string };

/** What one language has. */
export interface Language {
  texts: Readonly<Record<Key, Text>>;
  /** Labels of the tables' own columns, by the English ones. Empty in English. */
  labels: Readonly<Record<string, string>>;
  /**
   * Warnings by their codes; one that is not here is told in English, as in the manifest. `{count}` records; `{only}`: that they are in locations.csv only,
   * where there is one; `{files}`: the GeoJSON files; others are the warning's own.
   */
  warnings: Readonly<Record<string, Text>>;
}

export type Values = Readonly<Record<string, string | number>>;

/** What is filled into a text. */
export const PLACEHOLDER = /\{(\w+)\}/g;

export class Speaker {
  readonly #plurals: () => Intl.PluralRules;
  readonly #numbers: () => Intl.NumberFormat;
  readonly #lists: () => Intl.ListFormat;

  /** @param tag of the language, as `Intl` takes it */
  constructor(
    readonly tag: string,
    readonly language: Language,
  ) {
    this.#plurals = lazily(() => new Intl.PluralRules(tag));
    this.#numbers = lazily(() => new Intl.NumberFormat(tag));
    this.#lists = lazily(() => new Intl.ListFormat(tag, { type: 'conjunction' }));
  }

  /** A text with its values filled in; numbers as the language writes them. */
  say(key: Key, values: Values = {}): string {
    return this.#fill(this.#form(this.language.texts[key], values), values);
  }

  /** A warning; undefined where the language does not know it, or not all that it wants to tell. */
  warn(code: string, values: Values): string | undefined {
    const text = Object.hasOwn(this.language.warnings, code) ? this.language.warnings[code] : undefined;
    if (text === undefined) return undefined;
    const form = this.#form(text, values);
    const isKnown = [...form.matchAll(PLACEHOLDER)].every(([, name = '']) => Object.hasOwn(values, name));
    return isKnown ? this.#fill(form, values) : undefined;
  }

  /** The label of a column; one of a form stays as its author wrote it. */
  label(english: string): string {
    return Object.hasOwn(this.language.labels, english) ? (this.language.labels[english] as string) : english;
  }

  number(value: number): string {
    return this.#numbers().format(value);
  }

  /** `a, b and c` */
  list(items: readonly string[]): string {
    return this.#lists().format(items);
  }

  #form(text: Text, { count }: Values): string {
    if (typeof text === 'string') return text;
    const form = typeof count === 'number' ? this.#plurals().select(count) : 'other';
    return (form === 'one' || form === 'many' ? text[form] : undefined) ?? text.other;
  }

  #fill(text: string, values: Values): string {
    return text.replace(PLACEHOLDER, (whole, name: string) => {
      const value = values[name];
      return typeof value === 'number' ? this.number(value) : (value ?? whole);
    });
  }
}
