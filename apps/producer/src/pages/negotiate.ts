import { DEFAULT_LANGUAGE, knownLanguage, type Language } from '@parcelpost/shared/languages.js';

/** Ranges that are looked at; a header may hold any number. */
const MOST_RANGES = 50;

/**
 * The items of an `Accept…` header that are wanted at all, the most wanted first; equals as they stand (RFC 9110,
 * section 12.4.2). An item without a good weight weighs 1.
 */
export function byWeight(header: string): { range: string; q: number }[] {
  return header
    .split(',', MOST_RANGES)
    .map((item) => {
      const [range = '', ...parameters] = item.split(';').map((part) => part.trim());
      const weight = parameters.map((parameter) => /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i.exec(parameter)?.[1]);
      return { range, q: Number(weight.find((text) => text !== undefined) ?? 1) };
    })
    .filter(({ range, q }) => range !== '' && q > 0)
    .sort((a, b) => b.q - a.q);
}

/** The language of ours that `Accept-Language` wants most (RFC 9110, section 12.5.4); English where it wants none of them. */
export function acceptedLanguage(header: string | undefined): Language {
  for (const { range } of byWeight(header ?? '')) {
    if (range === '*') return DEFAULT_LANGUAGE;
    const language = knownLanguage(range);
    if (language) return language;
  }
  return DEFAULT_LANGUAGE;
}

/** Whether `Accept` names HTML, and wants it no less than JSON: so do browsers that open a page, and no program that asks an API. */
export function wantsHtml(accept: string | undefined): boolean {
  const items = byWeight(accept ?? '');
  const weight = (...ranges: string[]) => items.find(({ range }) => ranges.includes(range.toLowerCase()))?.q ?? 0;
  const page = weight('text/html', 'application/xhtml+xml');
  return page > 0 && page >= weight('application/problem+json', 'application/json');
}

/** Whether `Accept` names JSON, and wants it more than HTML: so do programs. */
export function wantsJson(accept: string | undefined): boolean {
  return /\bjson\b/i.test(accept ?? '') && !wantsHtml(accept);
}
