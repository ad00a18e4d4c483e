import { humanBytes, humanCount } from '@parcelpost/shared/words.js';
import { viewExport } from '../actions/export-view.js';
import type { ExportDetail } from '../actions/read-exports.js';
import type { PageContext } from './context.js';
import { REFRESH_SECONDS } from './exports-page.js';
import { type FollowUp, followUpTable } from './follow-up-table.js';
import { csrfField, type Html, html, page } from './html.js';
import { moment, rowsWord, stateWord } from './words.js';

/** Parts that are named; of more than these, the number. */
const MOST_MISSING = 40;

export interface ExportPage {
  context: PageContext;
  detail: ExportDetail & { followUps: FollowUp[] };
  publicUrl: string;
  /** Whether the user may cancel it, or try it again. */
  mayChange: boolean;
  /** Whether trying it again takes a token of another platform. */
  needsToken: boolean;
}

/** One export: state, progress, why it failed or what it lacks, what it holds, the link to the bundle, what followed. */
export function exportPage({ context, detail, publicUrl, mayChange, needsToken }: ExportPage): Html {
  const { row, progress, file, followUps } = detail;
  const view = viewExport(detail, publicUrl);
  const running = view.state === 'waiting' || view.state === 'running';

  const facts = html`<dl>
<dt>State<dd>${stateWord(view.state)}${view.cancelling && ', being cancelled'}
<dt>Progress<dd>${progressBar(progress)} ${rowsWord(progress)}
<dt>Type<dd>${view.outputType} (${view.formats.join(', ')})
<dt>Requested<dd>${moment(row.requestedAt)} by ${row.requester.name}
${view.generation > 1 && html`<dt>Tries<dd>${view.generation}`}
${view.startedBy && html`<dt>Follows<dd><a href="/exports/${view.startedBy.exportId}">another export</a>`}
<dt>Finished<dd>${moment(row.decidedAt)}
</dl>`;

  const failure = view.error && reason(view.error, view.outcome === 'cancelled');

  const download =
    view.bundle &&
    html`<p><a class="button" href="/api/v1/exports/${row.id}/download">Download ${view.bundle.name}</a>
${humanBytes(view.bundle.bytes)}, until ${moment(file?.expiresAt ?? null)}</p>
${view.bundle.generation < view.generation && html`<p>What try ${view.bundle.generation} could read; its README names what is missing.</p>`}
<p class="small">SHA-256 <code>${view.bundle.sha256}</code></p>`;
  const expired = view.state === 'expired' && html`<p class="fault">The files have expired. Ask for a new export.</p>`;

  const warnings =
    view.warnings.length > 0 &&
    html`<section><h2>Warnings</h2><ul>${view.warnings.map((warning) => html`<li>${warning}</li>`)}</ul></section>`;

  const files =
    view.files.length > 0 &&
    html`<section><h2>Files</h2><table><thead><tr><th>Name<th>Records<th>Size</thead><tbody>${view.files.map(
      (entry) =>
        html`<tr><td>${entry.name}<td>${entry.rows !== null && humanCount(entry.rows)}<td>${humanBytes(entry.bytes)}</tr>`,
    )}</tbody></table></section>`;

  return page(context, {
    title: `${row.organizationName}: ${row.projectName}`,
    body: html`${facts}${failure}${missing(view.missing)}${expired}${download}${warnings}${files}
${followUpTable(followUps, view.generation)}
${mayChange && changes(context, view, needsToken)}
<p><a href="/exports">All exports</a></p>`,
    ...(running && { refresh: REFRESH_SECONDS }),
  });
}

type View = ReturnType<typeof viewExport>;

function progressBar({ rows, rowsExpected }: ExportDetail['progress']): Html | null {
  if (rowsExpected === null || rowsExpected === 0) return null;
  return html`<progress value="${Math.min(rows, rowsExpected)}" max="${rowsExpected}"></progress>`;
}

function reason(error: NonNullable<View['error']>, cancelled: boolean): Html {
  if (cancelled) return html`<section><h2>Cancelled</h2><p>${error.message}</p></section>`;
  return html`<section class="fault" role="alert"><h2>Why it failed</h2><p>${error.message}</p>
<p>${error.code}${error.step && `, in step ${error.step}`}, after ${error.attempts} attempts</p></section>`;
}

function missing(parts: View['missing']): Html | false {
  if (parts.length === 0) return false;
  const more = parts.length - MOST_MISSING;
  const named = parts
    .slice(0, MOST_MISSING)
    .map(
      ({ step, shard, rowsExpected, message }) =>
        html`<tr><td>${step}<td>${shard !== null && shard + 1}<td>${rowsExpected !== null && humanCount(rowsExpected)}<td>${message}</tr>`,
    );
  return html`<section class="fault" role="alert"><h2>What is missing</h2>
<p>The bundle holds what could be read. It lacks ${humanCount(parts.length)} ${parts.length === 1 ? 'part' : 'parts'}:</p>
<table><thead><tr><th>Part<th>Shard<th>Records<th>Why</thead><tbody>${named}</tbody></table>
${more > 0 && html`<p>and ${humanCount(more)} more</p>`}</section>`;
}

function changes(context: PageContext, { id, state, cancelling, retryable }: View, needsToken: boolean): Html | false {
  if ((state === 'waiting' || state === 'running') && !cancelling) {
    return html`<form method="post" action="/exports/${id}/cancel">${csrfField(context)}<button>Cancel this export</button></form>`;
  }
  if (!retryable) return false;
  return html`<form method="post" action="/exports/${id}/retry">${csrfField(context)}${
    needsToken &&
    html`<label>Token of the platform <input name="apiToken" type="password" autocomplete="off" required></label> `
  }<button>Try again</button></form>`;
}
