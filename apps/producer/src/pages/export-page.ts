import type { OutboxRow } from '@parcelpost/shared/db/services/outbox.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { humanBytes, humanCount } from '@parcelpost/shared/words.js';
import { viewExport } from '../actions/export-view.js';
import type { ExportDetail } from '../actions/read-exports.js';
import { REFRESH_SECONDS } from './exports-page.js';
import { type Html, html, page } from './html.js';
import { moment, rowsWord, stateWord } from './words.js';

/** One export: state, progress, why it failed, what it holds, the link to the bundle, what followed. */
export function exportPage(user: UserRow, detail: ExportDetail & { followUps: OutboxRow[] }, publicUrl: string): Html {
  const { row, progress, file, followUps } = detail;
  const view = viewExport(detail, publicUrl);
  const running = view.state === 'waiting' || view.state === 'running';

  const facts = html`<dl>
<dt>State<dd>${stateWord(view.state)}
<dt>Progress<dd>${progressBar(progress)} ${rowsWord(progress)}
<dt>Type<dd>${view.outputType} (${view.formats.join(', ')})
<dt>Requested<dd>${moment(row.requestedAt)} by ${row.requester.name}
<dt>Finished<dd>${moment(row.decidedAt)}
</dl>`;

  const failure =
    view.error &&
    html`<section class="fault" role="alert"><h2>Why it failed</h2><p>${view.error.message}</p>
<p>${view.error.code}${view.error.step && `, in step ${view.error.step}`}, after ${view.error.attempts} attempts</p></section>`;

  const download =
    view.bundle &&
    html`<p><a class="button" href="/api/v1/exports/${row.id}/download">Download ${view.bundle.name}</a>
${humanBytes(view.bundle.bytes)}, until ${moment(file?.expiresAt ?? null)}</p>
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

  const followed =
    followUps.length > 0 &&
    html`<section><h2>Follow-ups</h2><table><thead><tr><th>Task<th>When<th>State<th>Attempts<th>Error</thead><tbody>${followUps.map(
      (one) =>
        html`<tr><td>${one.task}<td>${one.hook}<td>${one.state}<td>${one.attempts}<td>${one.error?.message}</tr>`,
    )}</tbody></table></section>`;

  return page({
    title: `${row.organizationName}: ${row.projectName}`,
    user: user.name,
    body: html`${facts}${failure}${expired}${download}${warnings}${files}${followed}
<p><a href="/exports">All exports</a></p>`,
    ...(running && { refresh: REFRESH_SECONDS }),
  });
}

function progressBar({ rows, rowsExpected }: ExportDetail['progress']): Html | null {
  if (rowsExpected === null || rowsExpected === 0) return null;
  return html`<progress value="${Math.min(rows, rowsExpected)}" max="${rowsExpected}"></progress>`;
}
