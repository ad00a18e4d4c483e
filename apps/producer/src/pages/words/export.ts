/** Words of an export's page, in each language. */
import type { Language } from '@parcelpost/shared/languages.js';
import { type ExportWords, en } from './export/en.js';
import { es } from './export/es.js';
import { fr } from './export/fr.js';
import { id } from './export/id.js';
import { pt } from './export/pt.js';
import { sw } from './export/sw.js';

export type { ExportWords };

export const EXPORT: Record<Language, ExportWords> = { en, es, fr, id, pt, sw };
