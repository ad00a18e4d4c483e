/** What the sections of an export's page are made of. */
import type { PageContext } from '../context.js';
import { csrfField, type Html, html } from '../html.js';
import { speech } from '../intl.js';
import { EXPORT, type ExportWords } from '../words/export.js';

/** What each section is given: its words, and how its language writes things. */
export interface Told {
  context: PageContext;
  words: ExportWords;
  say: ReturnType<typeof speech>;
}

export function told(context: PageContext): Told {
  return { context, words: EXPORT[context.language], say: speech(context.language) };
}

/** A moment, as so long ago or in so long; its title says when that is. */
export function moment({ context, say }: Told, date: Date | null): Html | string {
  if (!date) return '—';
  return html`<time datetime="${date.toISOString()}" title="${say.moment(date)}" data-relative>${say.relative(date, context.now)}</time>`;
}

/** A button that posts to a path, with the hidden field that it takes, and what else the form asks. */
export function postButton(
  { context }: Told,
  { path, text, kind, fields }: { path: string; text: string; kind?: 'primary' | 'danger'; fields?: Html | false },
): Html {
  return html`<form method="post" action="${path}">${csrfField(context)}${fields}<button${kind && html` class="${kind}"`}>${text}</button></form>`;
}

/** A table that may be wider than the screen; on narrow ones each row is a card. */
export function stackedTable(
  label: string,
  head: readonly (string | { numeric: string })[],
  rows: readonly Html[],
): Html {
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="${label}"><table class="stacked">
<thead><tr>${head.map((column) =>
    typeof column === 'string'
      ? html`<th scope="col">${column}</th>`
      : html`<th scope="col" class="numeric">${column.numeric}</th>`,
  )}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** Text that comes in English whatever the reader's language. */
export function english(text: string): Html {
  return html`<span lang="en" dir="ltr">${text}</span>`;
}
