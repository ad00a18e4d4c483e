/** The words of projects' pages, in each language of ours. */
import type { Language } from '@parcelpost/shared/languages.js';
import { en, type ProjectWords } from './project/en.js';
import { es } from './project/es.js';
import { fr } from './project/fr.js';
import { id } from './project/id.js';
import { pt } from './project/pt.js';
import { sw } from './project/sw.js';

export type { ProjectWords };

export const PROJECT: Readonly<Record<Language, ProjectWords>> = { en, es, fr, id, pt, sw };
