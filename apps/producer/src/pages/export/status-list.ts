/** The words of several exports at once, for the JSON beside the pages that list them. */
import type { Language } from '@parcelpost/shared/languages.js';
import type { LookAtExports } from '../../actions/look-at-exports.js';
import { type Status, statusOf } from './status.js';

/** What a list tells of an export: what its page tells, but for the steps. */
export type ListedStatus = Omit<Status, 'steps'>;

/** How each of these exports stands, in one query; one that is not there any more is left out. */
export async function statusesOf(
  look: Pick<LookAtExports, 'of'>,
  ids: readonly string[],
  language: Language,
): Promise<Map<string, ListedStatus>> {
  const found = await look.of(ids);
  return new Map(
    [...found].map(([id, now]) => {
      const { steps: _, ...status } = statusOf(now, language);
      return [id, status];
    }),
  );
}
