/** What README.txt says of a bundle that is not whole. */
import type { BundleInfo } from './info.js';
import type { Speaker } from './languages/speaker.js';
import { heading, wrap } from './text.js';

/** The first thing to be said: that it is not whole, and what it lacks in few words. Nothing of a whole bundle. */
export function missingNotice({ missing: { summary } }: BundleInfo, speaker: Speaker): string[] {
  if (summary.length === 0) return [];
  const notice = speaker.say('notWhole', { what: summary.join('; '), heading: speaker.say('missing') });
  return [...wrap('', notice, 0), ''];
}

/** Every missing part with its reason, which is in English. Nothing of a whole bundle. */
export function missingSection({ missing: { parts } }: BundleInfo, speaker: Speaker): string[] {
  if (parts.length === 0) return [];
  const records = parts.some(({ shard }) => shard !== null);
  return [
    ...heading(speaker.say('missing')),
    ...parts.flatMap(({ what, several, message }) =>
      wrap('* ', speaker.say(several ? 'missingAre' : 'missingIs', { what, why: message.replace(/\.$/, '') }), 2),
    ),
    '',
    ...(records ? wrap('', speaker.say('missingEverywhere'), 0) : []),
    ...wrap('', speaker.say('missingAgain'), 0),
  ];
}
