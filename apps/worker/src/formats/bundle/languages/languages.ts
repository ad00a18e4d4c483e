/** The languages in which there are readmes. */
import { en } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { id } from './id.js';
import { pt } from './pt.js';
import { type Language, Speaker } from './speaker.js';
import { sw } from './sw.js';

const LANGUAGES: Readonly<Record<string, Language>> = {
  en: { texts: en, labels: {}, warnings: {} },
  es,
  fr,
  id,
  pt,
  sw,
};

/** Their tags, which are also those of the numbers and plural forms. */
export const LANGUAGE_TAGS = Object.keys(LANGUAGES);

/**
 * The language of these that a person reads, by the tag of what they read (BCP 47); English where there is none, or the tag
 * is not one.
 */
export function languageOf(tag: string): string {
  try {
    const { language } = new Intl.Locale(tag);
    return Object.hasOwn(LANGUAGES, language) ? language : 'en';
  } catch {
    return 'en';
  }
}

const speakers = new Map<string, Speaker>();

/** Speaks the language that {@link languageOf} chooses. */
export function speakerOf(tag: string): Speaker {
  const language = languageOf(tag);
  const known = speakers.get(language) ?? new Speaker(language, LANGUAGES[language] as Language);
  speakers.set(language, known);
  return known;
}
