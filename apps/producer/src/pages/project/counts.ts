import type { ProjectCounts } from '@parcelpost/shared/db/services/project-directory.js';
import type { Language } from '@parcelpost/shared/languages.js';
import { speech } from '../intl.js';
import { PROJECT } from '../words/project.js';

/** How many of each kind of record, in words; always in the same order. */
export function countsText(counts: ProjectCounts, language: Language): string[] {
  const words = PROJECT[language].counts;
  return (['locations', 'parties', 'relationships', 'resources'] as const).map((entity) =>
    speech(language).plural(counts[entity], words[entity]),
  );
}
