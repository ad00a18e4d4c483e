/** How the export stands: the first thing on its page, and what its script keeps up to date. */
import { type Html, html } from '../html.js';
import { stackedTable, type Told } from './parts.js';
import { isOpen, type Status, type StepStatus } from './status.js';

/** As many parts of a step are drawn; of more than these the words tell. */
const MOST_DRAWN = 600;

/** @param mayChange whether the reader may try it again */
export function stateCard({ words }: Told, status: Status, mayChange: boolean): Html {
  const { words: said, progress } = status;
  const open = isOpen(status.state);
  const advises = said.next !== null && (mayChange || (status.state !== 'failed' && status.state !== 'cancelled'));
  return html`<section class="card export-state" aria-labelledby="export-doing">
<h2 id="export-doing"><span class="badge ${status.state}" data-live="title">${said.title}</span></h2>
<p>${said.explanation}</p>
${
  open &&
  html`<p class="progress-line"><progress max="100"${progress.percent !== null && html` value="${progress.percent}"`} aria-label="${words.progress}"></progress> <span data-live="progress">${said.progress}</span></p>
<p class="small" data-live="time">${said.time}</p>`
}
${said.notice !== null && html`<div class="notice warning"><p>${said.notice}</p></div>`}
${advises && html`<p class="muted">${said.next}</p>`}
</section>`;
}

/** Each step with its parts; while the export runs, and where it failed. */
export function stepTable({ words }: Told, steps: readonly StepStatus[]): Html | false {
  if (steps.length === 0) return false;
  const rows = steps.map(
    (step) => html`<tr data-step="${stepKey(step)}"><th scope="row">${step.name}</th>
<td data-label="${words.parts}"><span data-live="parts">${step.words.parts}</span> <span class="shards" aria-hidden="true" data-live="shards">${shards(step.shards)}</span><span class="small" data-live="doing">${step.words.doing}</span></td>
<td class="numeric" data-label="${words.recordsColumn}" data-live="records">${step.words.records}</td></tr>`,
  );
  const table = stackedTable(words.steps, [words.step, words.parts, { numeric: words.recordsColumn }], rows);
  return html`<section><h2>${words.steps}</h2>${table}</section>`;
}

/** Names a step among those of its export. */
export function stepKey({ kind, step }: Pick<StepStatus, 'kind' | 'step'>): string {
  return `${kind} ${step}`;
}

/** A mark for each part, in the colour of its state. */
function shards(letters: string): Html[] | false {
  if (letters.length < 2 || letters.length > MOST_DRAWN) return false;
  return [...letters].map((letter) => html`<i class="${letter}"></i>`);
}
