/** An export's page: how it stands, what came of it, what the reader may do, and what was asked. */

import { viewExport } from '../../actions/export-view.js';
import type { ExportNow } from '../../actions/look-at-exports.js';
import type { ExportDetail } from '../../actions/read-exports.js';
import type { SignedInContext } from '../context.js';
import { type Html, html, page } from '../html.js';
import { fill } from '../intl.js';
import { formatName } from '../project/recent-html.js';
import { COMMON } from '../words/common.js';
import { PROJECT } from '../words/project.js';
import { moment, postButton, type Told, told } from './parts.js';
import { download, type FollowUp, failure, files, followUpTable, missing, type View, warnings } from './result.js';
import { stateCard, stepTable } from './state-card.js';
import { isOpen, statusOf } from './status.js';

/** How often a browser without scripts asks again, in seconds: while it runs, and while follow-ups are on their way. */
const REFRESH = { open: 2, after: 5 };

export interface ExportPage {
  context: SignedInContext;
  detail: ExportDetail & { followUps: FollowUp[] };
  now: ExportNow;
  publicUrl: string;
  /** Whether the user may cancel it, or try it again. */
  mayChange: boolean;
  /** Whether the user may ask for exports of the project. */
  mayAsk: boolean;
  /** Whether asking takes a token of another platform. */
  needsToken: boolean;
}

/** The page of one export in whatever state it is. It works without scripts; with them it keeps itself up to date. */
export function exportPage(given: ExportPage): Html {
  const { context, detail, now, publicUrl } = given;
  const { row, followUps } = detail;
  const tells = told(context);
  const view = viewExport(detail, publicUrl);
  const status = statusOf(now, context.language);
  const open = isOpen(status.state);
  const live = open || now.followUps.open > 0;
  const events = `/exports/${row.id}/events?lang=${context.language}`;
  return page(context, {
    title: `${row.organizationName}: ${row.projectName}`,
    above: [{ text: COMMON[context.language].exports, href: '/exports' }],
    body: html`<div id="export" data-version="${status.version}"${live && html` data-events="${events}"`}>
${stateCard(tells, status, given.mayChange)}
${failure(tells, view, status)}
${download(tells, view)}
${renewal(tells, given, view)}
${actions(tells, given, view)}
${missing(tells, view)}
${stepTable(tells, status.steps)}
${!open && warnings(tells, view)}
${files(tells, view)}
${followUpTable(tells, followUps, view.generation)}
${facts(tells, given, view)}
</div>
<p class="visually-hidden" role="status" id="export-said"></p>`,
    scripts: ['export-page.js'],
    // Once it is decided, a token may be asked for: one that somebody has typed is not to vanish.
    ...(live && (given.needsToken && !open ? { lookAgain: true } : { refresh: open ? REFRESH.open : REFRESH.after })),
  });
}

/** What the reader may do now. */
function actions(tells: Told, given: ExportPage, view: View): Html | false {
  const { context, detail, mayChange } = given;
  const { words, say } = tells;
  const { row } = detail;
  const path = `/exports/${row.id}`;
  if (isOpen(view.state)) {
    if (!mayChange || view.cancelling) return false;
    return html`<div class="actions">${postButton(tells, { path: `${path}/cancel`, text: words.cancel, kind: 'danger' })}</div>`;
  }
  const retry =
    view.retryable &&
    mayChange &&
    html`${postButton(tells, {
      path: `${path}/retry`,
      text: view.state === 'partial' ? words.retryMissing : words.retry,
      ...(view.state !== 'partial' && { kind: 'primary' as const }),
      fields: token(tells, given),
    })}${row.partsUntil && row.partsUntil > context.now && html`<p class="small">${fill(words.retryAdvice, { time: say.moment(row.partsUntil) })}</p>`}`;
  const own = row.requester.id === context.user.id;
  const hasFollowUps = row.onSuccess.length + row.onFailure.length > 0;
  const again =
    view.state === 'expired' &&
    given.mayAsk &&
    html`${postButton(tells, { path: `${path}/again`, text: words.again, kind: 'primary', fields: token(tells, given) })}${hasFollowUps && html`<p class="small">${own ? words.againFollowUps : words.againAlone}</p>`}`;
  return (retry || again) && html`<div class="actions">${retry}${again}</div>`;
}

/** The field for a token of the platform, where that is another one. */
function token({ words }: Told, { needsToken }: ExportPage): Html | false {
  return (
    needsToken &&
    html`<div class="field"><label for="api-token">${words.platformToken}</label><input id="api-token" name="apiToken" type="password" autocomplete="off" required></div>`
  );
}

/** A newer version of the software would make other files: whoever sees this may have it made; nobody does so by looking. */
function renewal(tells: Told, given: ExportPage, { id, renewal: offer }: View): Html | false {
  const { words } = tells;
  const newer = offer.renewedBy !== null && html`<p><a href="/exports/${offer.renewedBy}">${words.renewed}</a></p>`;
  if (!offer.available || !given.mayAsk) return newer;
  return html`<section class="notice info"><h2>${words.renewal}</h2><p>${words.renewalAbout}</p>
${postButton(tells, { path: `/exports/${id}/renew`, text: words.renew, fields: token(tells, given) })}${newer}</section>`;
}

/** What was asked, by whom, when. */
function facts(tells: Told, { detail: { row }, needsToken }: ExportPage, view: View): Html {
  const { words, say } = tells;
  const fact = (name: string, value: Html | string | false) =>
    value !== false && html`<dt>${name}</dt><dd>${value}</dd>\n`;
  const name = `${row.organizationName}: ${row.projectName}`;
  return html`<section aria-labelledby="export-facts"><h2 id="export-facts">${words.facts}</h2><dl class="facts">
${fact(words.project, needsToken ? name : html`<a href="/projects/${row.organization}/${row.project}">${name}</a>`)}
${fact(words.formats, say.list(view.formats.map((format) => formatName(PROJECT[tells.context.language], format))))}
${view.allowPartial && fact(words.partialAllowed, COMMON[tells.context.language].yes)}
${fact(words.askedBy, row.requester.name)}
${fact(words.askedAt, moment(tells, row.requestedAt))}
${fact(words.startedAt, row.startedAt !== null && moment(tells, row.startedAt))}
${fact(words.finishedAt, row.decidedAt !== null && moment(tells, row.decidedAt))}
${fact(words.tries, view.generation > 1 && say.number(view.generation))}
${fact(words.follows, view.startedBy !== null && html`<a href="/exports/${view.startedBy.exportId}">${words.anotherExport}</a>`)}
${fact(words.renews, view.renews !== null && html`<a href="/exports/${view.renews}">${words.anotherExport}</a>`)}
${fact(words.identifier, html`<code>${row.id}</code>`)}
</dl></section>`;
}
