import type { ExportDetail } from '../actions/read-exports.js';
import type { PageContext } from './context.js';
import { type Html, html, page } from './html.js';
import { speech } from './intl.js';
import { exportState, kindText } from './project/recent-html.js';
import { COMMON } from './words/common.js';
import { PROJECT } from './words/project.js';

/** How often a page with running exports asks again, in seconds. */
export const REFRESH_SECONDS = 2;

/** The recent exports of the user who is signed in: of all projects. */
export function exportsPage(context: PageContext, exports: readonly ExportDetail[]): Html {
  const words = { ...PROJECT[context.language], ...COMMON[context.language] };
  const say = speech(context.language);
  const rows = exports.map((detail) => {
    const { row, file, fileThere } = detail;
    const when = html`<time datetime="${row.requestedAt.toISOString()}" title="${say.moment(row.requestedAt)}" data-relative>${say.relative(row.requestedAt, context.now)}</time>`;
    return html`<tr>
<th scope="row"><a href="/exports/${row.id}">${row.organizationName}: ${row.projectName}</a></th>
<td data-label="${words.kind}">${kindText(words, row.options)}</td>
<td data-label="${words.state}">${exportState(context, words, detail)}</td>
<td data-label="${words.when}">${when}</td>
<td class="numeric" data-label="${words.size}">${file && fileThere && say.bytes(file.bytes)}</td>
</tr>`;
  });
  const running = exports.some(({ state }) => state === 'waiting' || state === 'running');
  const table = html`<table class="stacked">
<thead><tr><th scope="col">${words.project}</th><th scope="col">${words.kind}</th><th scope="col">${words.state}</th><th scope="col">${words.when}</th><th scope="col" class="numeric">${words.size}</th></tr></thead>
<tbody>${rows}</tbody></table>`;
  return page(context, {
    title: words.recent,
    body: rows.length > 0 ? table : html`<p>${words.noExports}</p>`,
    ...(running && { refresh: REFRESH_SECONDS }),
  });
}
