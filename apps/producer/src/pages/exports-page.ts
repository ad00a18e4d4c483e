import { humanBytes } from '@parcelpost/shared/words.js';
import type { ExportDetail } from '../actions/read-exports.js';
import type { PageContext } from './context.js';
import { type Html, html, page } from './html.js';
import { moment, rowsWord, stateWord } from './words.js';

/** How often a page with running exports asks again, in seconds. */
export const REFRESH_SECONDS = 2;

/** The recent exports of the user who is signed in. */
export function exportsPage(context: PageContext, exports: ExportDetail[]): Html {
  const rows = exports.map(
    ({ row, state, progress, file, fileThere }) => html`<tr>
<td><a href="/exports/${row.id}">${row.organizationName}: ${row.projectName}</a>
<td>${row.options.outputType}
<td>${stateWord(state)}
<td>${rowsWord(progress)}
<td>${file && fileThere && humanBytes(file.bytes)}
<td>${moment(row.requestedAt)}
</tr>`,
  );
  const running = exports.some(({ state }) => state === 'waiting' || state === 'running');
  const table = html`<table>
<thead><tr><th>Project<th>Type<th>State<th>Progress<th>Size<th>Requested</thead>
<tbody>${rows}</tbody></table>`;
  return page(context, {
    title: 'Recent exports',
    body: rows.length > 0 ? table : html`<p>You have asked for no export yet.</p>`,
    ...(running && { refresh: REFRESH_SECONDS }),
  });
}
