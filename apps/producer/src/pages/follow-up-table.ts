/** What an export's outcome has released, as a table of its page. */
import type { SeenFollowUp } from '../actions/read-exports.js';
import { type Html, html } from './html.js';
import { moment } from './words.js';

export type FollowUp = Pick<
  SeenFollowUp,
  'generation' | 'place' | 'kind' | 'task' | 'state' | 'attempts' | 'error' | 'finishedAt'
>;

const STATES: Record<FollowUp['state'], string> = {
  waiting: 'Waiting for its turn',
  pending: 'On its way',
  entered: 'In its queue',
  active: 'Running',
  done: 'Done',
  failed: 'Failed',
  skipped: 'Not called',
};

/** The follow-ups in the order of the request, each indented below what holds it; those of earlier tries come first. */
export function followUpTable(followUps: readonly FollowUp[], generation: number): Html | false {
  if (followUps.length === 0) return false;
  const rows = followUps.map(
    (one) => html`<tr>
<td class="depth-${depth(one.place)}">${one.kind === 'task' ? one.task : one.kind}
<td><code>${one.place}</code>${one.generation < generation && ` of try ${one.generation}`}
<td>${STATES[one.state]}
<td>${one.kind === 'task' && one.attempts}
<td>${moment(one.finishedAt)}
<td>${one.error && (one.error.message ?? one.error.code)}
</tr>`,
  );
  return html`<section><h2>Follow-ups</h2>
<table><thead><tr><th>Task<th>When<th>State<th>Attempts<th>Finished<th>Error</thead><tbody>${rows}</tbody></table></section>`;
}

/** How many hold it, at most what the style sheet indents. */
function depth(place: string): number {
  const above = place.split('/').filter((part) => !/^[0-9]+$/.test(part)).length - 1;
  return Math.min(above, DEEPEST);
}

/** Deepest indentation; the style sheet has a class for each. */
export const DEEPEST = 6;
