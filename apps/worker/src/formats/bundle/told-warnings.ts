/** Warnings as the readmes tell them. */
import type { BundleInfo, BundleWarning } from './info.js';
import type { Speaker } from './languages/speaker.js';
import { wrap } from './text.js';

/** A line and its continuation for each warning; `none` where there is none. */
export function warningLines(
  warnings: readonly BundleWarning[],
  { files }: BundleInfo,
  none: string,
  speaker: Speaker,
): string[] {
  if (warnings.length === 0) return wrap('', none, 0);
  const names = files.map(({ name }) => name);
  const shared = {
    only: names.includes('locations.csv') ? speaker.say('onlyInCsv') : '',
    files: speaker.list(names.filter((name) => /\.geojsonl?$/.test(name))),
  };
  return warnings.flatMap(({ code, message, count, ids, values }) => {
    const told = speaker.warn(code, { ...shared, ...values, count }) ?? message;
    const more = count > ids.length ? 'sampleOfMore' : 'sample';
    const sample = ids.length === 0 ? '' : ` ${speaker.say(more, { ids: ids.join(', ') })}`;
    return wrap('* ', `${told}${sample}.`, 2);
  });
}
