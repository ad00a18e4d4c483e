/** The languages that Parcelpost speaks with people: in the pages, and in the readmes of a bundle. */

/** Tags (BCP 47), each with the name that its speakers give the language, in the order in which a person picks from them. */
export const LANGUAGES = {
  en: 'English',
  es: 'Español',
  fr: 'Français',
  id: 'Bahasa Indonesia',
  pt: 'Português',
  sw: 'Kiswahili',
} as const;

export type Language = keyof typeof LANGUAGES;

export const LANGUAGE_TAGS = Object.keys(LANGUAGES) as Language[];

/** Spoken where nothing better is known. */
export const DEFAULT_LANGUAGE: Language = 'en';

/** Languages whose script runs from right to left; none of ours so far, and the pages are ready for one. */
const RIGHT_TO_LEFT = new Set(['ar', 'ckb', 'dv', 'fa', 'he', 'ks', 'ps', 'sd', 'ug', 'ur', 'yi']);

/** Which of the languages a tag (BCP 47) means: `pt-BR` is Portuguese. Undefined where it is none of them, or no tag. */
export function knownLanguage(tag: string): Language | undefined {
  try {
    const { language } = new Intl.Locale(tag);
    return Object.hasOwn(LANGUAGES, language) ? (language as Language) : undefined;
  } catch {
    return undefined;
  }
}

/** Like {@link knownLanguage}; English where that knows none. */
export const languageOf = (tag: string): Language => knownLanguage(tag) ?? DEFAULT_LANGUAGE;

/** Which way a language is written, as the attribute `dir` of HTML says it. */
export function directionOf(tag: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(tag.toLowerCase().split('-')[0] ?? '') ? 'rtl' : 'ltr';
}
