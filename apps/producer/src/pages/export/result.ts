/** What came of an export: its bundle, what that lacks, and what its onFailure or onSuccess did. */
import type { viewExport } from '../../actions/export-view.js';
import type { SeenFollowUp } from '../../actions/read-exports.js';
import { type Html, html } from '../html.js';
import { fill } from '../intl.js';
import type { ExportWords } from '../words/export.js';
import { faultKind } from './failures.js';
import { english, moment, stackedTable, type Told } from './parts.js';
import type { Status } from './status.js';

export type View = ReturnType<typeof viewExport>;

export type FollowUp = Pick<
  SeenFollowUp,
  'generation' | 'place' | 'kind' | 'task' | 'state' | 'attempts' | 'error' | 'finishedAt'
>;

/** Parts that are named; of more than these, the number. */
const MOST_MISSING = 40;
/** How deep a follow-up is indented at most; the style sheet has a class for each. */
const DEEPEST = 6;

/** The link to the bundle, and how to check what came. */
export function download({ words, say }: Told, view: View): Html | false {
  const { bundle } = view;
  if (!bundle) return false;
  const until =
    bundle.expiresAt === null
      ? words.downloadKept
      : fill(words.downloadUntil, { time: say.moment(new Date(bundle.expiresAt)) });
  return html`<section class="card download"><p><a class="button primary" href="/api/v1/exports/${view.id}/download">${fill(words.download, { name: bundle.name })}</a></p>
<p>${say.bytes(bundle.bytes)} · ${until}</p>
${bundle.generation < view.generation && html`<p>${fill(words.ofTry, { count: say.number(bundle.generation) })}</p>`}
<p class="small">${words.checksum} <code>${bundle.sha256}</code><br>${words.copyHint}</p></section>`;
}

/** Why it failed, in plain words, with what the operator wants to know. */
export function failure({ words, say }: Told, view: View, status: Status): Html | false {
  const { error } = view;
  if (!error) return false;
  if (view.state === 'cancelled') return html`<p>${words.failures.cancelled.what} ${english(error.message)}</p>`;
  const { what, todo } = status.error ?? words.failures.other;
  const where = [
    error.step !== null && fill(words.inStep, { step: error.step }),
    say.plural(error.attempts, words.attempts),
  ].filter(Boolean);
  return html`<section class="notice error" role="alert"><h2>${words.why}</h2><p>${what}</p>
<h3>${words.whatToDo}</h3><p>${todo}</p>
<h3>${words.technical}</h3><p>${english(error.message)}</p><p><code>${error.code}</code>, ${where.join(', ')}</p></section>`;
}

/** What a partial bundle lacks, and why. */
export function missing({ words, say }: Told, { missing: parts }: View): Html | false {
  if (parts.length === 0) return false;
  const rows = parts.slice(0, MOST_MISSING).map(
    ({ step, shard, rowsExpected, message }) => html`<tr><th scope="row">${step}</th>
<td data-label="${words.shard}">${shard !== null && say.number(shard + 1)}</td>
<td class="numeric" data-label="${words.recordsColumn}">${rowsExpected !== null && say.number(rowsExpected)}</td>
<td data-label="${words.reason}">${english(message)}</td></tr>`,
  );
  const more = parts.length - MOST_MISSING;
  const head = [words.part, words.shard, { numeric: words.recordsColumn }, words.reason];
  return html`<section><h2>${words.missing}</h2>
<p>${say.plural(parts.length, words.lacks)}</p>${stackedTable(words.missing, head, rows)}
${more > 0 && html`<p>${fill(words.more, { count: say.number(more) })}</p>`}</section>`;
}

export function warnings({ words }: Told, view: View): Html | false {
  if (view.warnings.length === 0) return view.bundle !== null && html`<p class="muted">${words.noWarnings}</p>`;
  return html`<section aria-labelledby="export-warnings"><h2 id="export-warnings">${words.warnings}</h2>
<ul lang="en" dir="ltr">${view.warnings.map((warning) => html`<li>${warning}</li>`)}</ul></section>`;
}

export function files({ words, say }: Told, view: View): Html | false {
  if (view.files.length === 0) return false;
  const rows = view.files.map(
    ({ name, rows: count, bytes, sha256 }) => html`<tr><th scope="row">${name}</th>
<td class="numeric" data-label="${words.recordsColumn}">${count !== null && say.number(count)}</td>
<td class="numeric" data-label="${words.size}">${say.bytes(bytes)}</td>
<td data-label="${words.checksumShort}"><code class="small" title="${sha256}">${sha256.slice(0, 12)}…</code></td></tr>`,
  );
  const head = [words.name, { numeric: words.recordsColumn }, { numeric: words.size }, words.checksumShort];
  return html`<section><h2>${words.files}</h2>${stackedTable(words.files, head, rows)}</section>`;
}

/** The follow-ups in the order of the request, each indented below what holds it; those of earlier tries come first. */
export function followUpTable(given: Told, followUps: readonly FollowUp[], generation: number): Html | false {
  const { words, say } = given;
  if (followUps.length === 0) return false;
  const rows = followUps.map((one) => {
    const tried = one.generation < generation && fill(words.ofEarlierTry, { count: say.number(one.generation) });
    return html`<tr><th scope="row" class="depth-${depth(one.place)}">${nameOf(one, words)}</th>
<td data-label="${words.when}">${hookOf(one.place, words)} <code class="small">${one.place}</code> ${tried}</td>
<td data-label="${words.state}">${words.followUpStates[one.state]}</td>
<td class="numeric" data-label="${words.tried}">${one.kind === 'task' && say.number(one.attempts)}</td>
<td data-label="${words.ended}">${moment(given, one.finishedAt)}</td>
<td data-label="${words.fault}">${one.error && faultOf(one.error, words)}</td></tr>`;
  });
  const head = [words.followUp, words.when, words.state, { numeric: words.tried }, words.ended, words.fault];
  return html`<section><h2>${words.followUps}</h2>${stackedTable(words.followUps, head, rows)}</section>`;
}

function nameOf({ kind, task }: FollowUp, words: ExportWords): Html | string {
  if (kind !== 'task') return words.kinds[kind];
  return Object.hasOwn(words.tasks, task)
    ? words.tasks[task as keyof ExportWords['tasks']]
    : html`<code>${task}</code>`;
}

function hookOf(place: string, words: ExportWords): string {
  return place.startsWith('onFailure') ? words.hooks.onFailure : words.hooks.onSuccess;
}

function faultOf({ code, message }: { code: string; message: string | null }, words: ExportWords): Html {
  const kind = faultKind(code);
  return html`${kind !== undefined && html`${words.followUpFaults[kind]} `}<span class="small">${message === null ? html`<code>${code}</code>` : english(message)}</span>`;
}

/** How many hold it, at most what the style sheet indents. */
function depth(place: string): number {
  const above = place.split('/').filter((part) => !/^[0-9]+$/.test(part)).length - 1;
  return Math.min(above, DEEPEST);
}
