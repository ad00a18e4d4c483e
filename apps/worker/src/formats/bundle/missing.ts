/** What README.txt says of a bundle that is not whole. */
import type { Missing } from './info.js';
import { heading, wrap } from './text.js';

/** The first thing to be said: that it is not whole, and what it lacks in few words. Nothing of a whole bundle. */
export function missingNotice({ summary }: Missing): string[] {
  if (summary.length === 0) return [];
  return [
    ...wrap(
      '',
      `THIS EXPORT IS NOT WHOLE. Missing: ${summary.join('; ')}. Which they are, and why, is told below under What is missing.`,
      0,
    ),
    '',
  ];
}

/** Every missing part with its reason. Nothing of a whole bundle. */
export function missingSection({ parts }: Missing): string[] {
  if (parts.length === 0) return [];
  const records = parts.some(({ shard }) => shard !== null);
  return [
    ...heading('What is missing'),
    ...parts.flatMap(({ what, message }) =>
      wrap('* ', `${what} ${what.startsWith('Records') ? 'are' : 'is'} missing: ${message.replace(/\.$/, '')}.`, 2),
    ),
    '',
    ...(records
      ? wrap(
          '',
          'They are missing in every file; what is there may refer to them. Counted in the order of the platform.',
          0,
        )
      : []),
    ...wrap('', 'Trying the export again soon on its page reads only what is missing.', 0),
  ];
}
