import type { ProblemError } from '@parcelpost/shared/errors.js';
import type { PageContext } from '../context.js';
import { fill, speech } from '../intl.js';
import { PROJECT } from '../words/project.js';
import { type FormValues, faultsOfRequest } from './form.js';
import type { ShownForm } from './view.js';

/** How a form tells that the request it made was refused: by its fields where they are to blame, else by a sentence. */
export function refusalOf(
  problem: ProblemError,
  values: FormValues,
  { language, now }: PageContext,
): Pick<ShownForm, 'faults' | 'problem'> {
  const faults = faultsOfRequest(problem.errors ?? [], values);
  if (Object.keys(faults).length > 0) return { faults, problem: undefined };
  const words = PROJECT[language].problems;
  switch (problem.type) {
    case 'project-archived':
      return { faults, problem: words.archived };
    case 'export-not-permitted':
      return { faults, problem: words.notPermitted };
    case 'project-over-quota':
      return { faults, problem: words.overQuota };
    case 'too-many-exports': {
      const { retryAt } = (problem.members.limit ?? {}) as { retryAt?: string };
      const when = speech(language).relative(retryAt === undefined ? now : new Date(retryAt), now);
      return { faults, problem: fill(words.tooMany, { when }) };
    }
    default:
      return { faults, problem: fill(words.other, { detail: problem.message }) };
  }
}
