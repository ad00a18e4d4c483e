/** The languages in which there are readmes. */
import { languageOf, type Language as Tag } from '@parcelpost/shared/languages.js';
import { en } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { id } from './id.js';
import { pt } from './pt.js';
import { type Language, Speaker } from './speaker.js';
import { sw } from './sw.js';

const LANGUAGES: Readonly<Record<Tag, Language>> = {
  en: { texts: en, labels: {}, warnings: {} },
  es,
  fr,
  id,
  pt,
  sw,
};

const speakers = new Map<Tag, Speaker>();

/** Speaks the language that {@link languageOf} chooses. */
export function speakerOf(tag: string): Speaker {
  const language = languageOf(tag);
  const known = speakers.get(language) ?? new Speaker(language, LANGUAGES[language]);
  speakers.set(language, known);
  return known;
}
