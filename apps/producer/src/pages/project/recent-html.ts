/** The recent exports of a project, as a table that needs no script. */

import type { Language } from '@parcelpost/shared/languages.js';
import { isCancelling, isRetryable } from '../../actions/change-export.js';
import type { ExportDetail } from '../../actions/read-exports.js';
import type { PageContext } from '../context.js';
import { failureKind } from '../export/failures.js';
import { csrfField, type Html, html } from '../html.js';
import { fill, speech } from '../intl.js';
import { EXPORT } from '../words/export.js';
import { PROJECT, type ProjectWords } from '../words/project.js';
import { TYPES } from './form.js';
import type { RecentExport } from './view.js';

export function recentTable(context: PageContext, recent: readonly RecentExport[]): Html {
  const words = PROJECT[context.language];
  if (recent.length === 0) return html`<p class="muted">${words.noRecent}</p>`;
  return html`<table class="recent-exports stacked">
<thead><tr><th scope="col">${words.kind}</th><th scope="col">${words.state}</th><th scope="col">${words.askedBy}</th><th scope="col">${words.when}</th><th scope="col" class="numeric">${words.size}</th><th scope="col">${words.deeds}</th></tr></thead>
<tbody>${recent.map((one) => recentRow(context, words, one))}</tbody></table>`;
}

function recentRow(context: PageContext, words: ProjectWords, { detail, mayChange, needsToken }: RecentExport): Html {
  const { row, file, fileThere } = detail;
  const say = speech(context.language);
  const what = kindText(words, row.options);
  const when = say.relative(row.requestedAt, context.now);
  return html`<tr><th scope="row"><a href="/exports/${row.id}">${what}</a></th>
<td data-label="${words.state}">${exportState(context, words, detail)}</td>
<td data-label="${words.askedBy}">${row.requester.name}</td>
<td data-label="${words.when}"><time datetime="${row.requestedAt.toISOString()}" title="${say.moment(row.requestedAt)}" data-relative>${when}</time></td>
<td class="numeric" data-label="${words.size}">${file && fileThere && say.bytes(file.bytes)}</td>
<td><div class="row-actions">${deeds(context, words, { detail, mayChange, needsToken }, `${what}, ${when}`)}</div></td></tr>`;
}

/** What was asked for: the name of the type, or of the formats. */
export function kindText(words: ProjectWords, { outputType, formats }: ExportDetail['row']['options']): string {
  if (outputType !== 'custom' && TYPES.includes(outputType)) return words.types[outputType].name;
  return formats.map((format) => formatName(words, format)).join(', ');
}

/** What people call a format; one of an installation's own by its name. */
export function formatName({ formats }: ProjectWords, format: string): string {
  return Object.hasOwn(formats, format) ? formats[format as keyof typeof formats].name : format;
}

/** How an export stands, and why, in a few words. */
export function exportState(
  { language }: PageContext,
  words: ProjectWords,
  { row, state, progress }: ExportDetail,
): Html {
  const say = speech(language);
  const text = isCancelling(row) ? words.cancelling : words.states[state];
  const { rows, rowsExpected } = progress;
  const running = (state === 'running' || state === 'waiting') && rowsExpected !== null && rowsExpected > 0;
  const missing = row.result?.missing?.length ?? 0;
  return html`<span class="state ${state}">${text}</span>
${running && html`<progress value="${Math.min(rows, rowsExpected)}" max="${rowsExpected}" aria-label="${fill(words.done, { percent: say.percent(Math.min(1, rows / rowsExpected)) })}"></progress>`}
${state === 'failed' && row.error && html`<br><span class="small">${reasonText(row.error, language)}</span>`}
${state === 'partial' && missing > 0 && html`<br><span class="small">${say.plural(missing, words.missing)}</span>`}`;
}

/** Why an export failed, in plain words. */
export function reasonText({ code }: { code: string }, language: Language): string {
  return EXPORT[language].failures[failureKind(code)].what;
}

function deeds(
  context: PageContext,
  words: ProjectWords,
  { detail, mayChange, needsToken }: RecentExport,
  of: string,
): Html[] {
  const { row, state, fileThere } = detail;
  const named = (deed: string) => fill(words.ofExport, { deed, what: of });
  const form = (deed: 'cancel' | 'retry', text: string) =>
    html`<form method="post" action="/exports/${row.id}/${deed}">${csrfField(context)}<button aria-label="${named(text)}">${text}</button></form>`;
  const again = state === 'partial' ? words.retryMissing : words.retry;
  const retry = needsToken
    ? html`<a class="button" href="/exports/${row.id}" aria-label="${named(again)}">${again}</a>`
    : form('retry', again);
  const open = (state === 'waiting' || state === 'running') && !isCancelling(row);
  return [
    ...(fileThere
      ? [
          html`<a class="button" href="/api/v1/exports/${row.id}/download" aria-label="${named(words.download)}">${words.download}</a>`,
        ]
      : []),
    ...(mayChange && open ? [form('cancel', words.cancel)] : []),
    ...(mayChange && isRetryable(state) ? [retry] : []),
  ];
}
