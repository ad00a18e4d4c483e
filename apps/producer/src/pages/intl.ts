/** Numbers, sizes, times and plural forms as a language writes them. What `Intl` takes long to make is made when first needed. */
import type { Language } from '@parcelpost/shared/languages.js';
import { lazily } from '@parcelpost/shared/lazily.js';

/** A text for each plural form (CLDR) that a language has; `{count}` stands for the number. */
export interface PluralForms {
  one?: string;
  many?: string;
  other: string;
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];
const BYTES = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export class Speech {
  readonly #plurals: () => Intl.PluralRules;
  readonly #numbers: () => Intl.NumberFormat;
  readonly #percents: () => Intl.NumberFormat;
  readonly #relative: () => Intl.RelativeTimeFormat;
  readonly #moments: () => Intl.DateTimeFormat;
  readonly #lists: () => Intl.ListFormat;
  readonly #units = new Map<string, Intl.NumberFormat>();

  constructor(readonly language: Language) {
    this.#plurals = lazily(() => new Intl.PluralRules(language));
    this.#numbers = lazily(() => new Intl.NumberFormat(language));
    this.#percents = lazily(() => new Intl.NumberFormat(language, { style: 'percent' }));
    this.#relative = lazily(() => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }));
    this.#moments = lazily(
      () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }),
    );
    this.#lists = lazily(() => new Intl.ListFormat(language, { type: 'conjunction' }));
  }

  /** `12,345` */
  number(n: number): string {
    return this.#numbers().format(n);
  }

  /** Of a share between 0 and 1: `43%` */
  percent(share: number): string {
    return this.#percents().format(share);
  }

  /** The form that fits the number, with the number in it. */
  plural(n: number, forms: PluralForms): string {
    const form = this.#plurals().select(n);
    const text = (form === 'one' || form === 'many' ? forms[form] : undefined) ?? forms.other;
    return text.replaceAll('{count}', this.number(n));
  }

  /** Bytes in decimal units with three digits: `1.41 MB` */
  bytes(n: number): string {
    if (n < 1000) return this.#unit(n, 'byte', 'long');
    let value = n / 1000;
    let unit = 0;
    // 999.5 and more would be written as 1,000 of this unit.
    while (value >= 999.5 && unit < BYTES.length - 1) {
      value /= 1000;
      unit += 1;
    }
    return this.#unit(value, BYTES[unit] as string, 'short');
  }

  /** A length of time by its largest unit up to hours, rounded up: `5 minutes`, `1 second` */
  duration(ms: number): string {
    const seconds = Math.max(1, Math.ceil(ms / 1000));
    if (seconds < 60) return this.#unit(seconds, 'second', 'long');
    const minutes = Math.ceil(seconds / 60);
    return minutes < 60 ? this.#unit(minutes, 'minute', 'long') : this.#unit(Math.ceil(minutes / 60), 'hour', 'long');
  }

  /** `3 minutes ago`, `in 2 days`, `now` */
  relative(moment: Date, now: Date): string {
    const seconds = (moment.getTime() - now.getTime()) / 1000;
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
    return this.#relative().format(Math.trunc(seconds / size), unit);
  }

  /** Date and time of day, in UTC. */
  moment(moment: Date): string {
    return `${this.#moments().format(moment)} UTC`;
  }

  /** `a, b and c` */
  list(items: readonly string[]): string {
    return this.#lists().format(items);
  }

  #unit(value: number, unit: string, unitDisplay: 'short' | 'long'): string {
    const key = `${unit} ${unitDisplay}`;
    const options = { style: 'unit', unit, unitDisplay, maximumSignificantDigits: 3 } as const;
    const format = this.#units.get(key) ?? new Intl.NumberFormat(this.language, options);
    this.#units.set(key, format);
    return format.format(value);
  }
}

const speeches = new Map<Language, Speech>();

/** How a language writes things; one object a language. */
export function speech(language: Language): Speech {
  const known = speeches.get(language) ?? new Speech(language);
  speeches.set(language, known);
  return known;
}

/** Puts values into a text: `{name}` becomes the value of that name, where there is one. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}
