/**
 * Keeps an export's page up to date. Figures come as server-sent events; whatever else has changed is told by a new version,
 * for which the page is loaded again, and its content put in the place of the old one. Without this script the page
 * refreshes itself.
 */

interface Step {
  key: string;
  parts: string;
  doing: string;
  records: string;
  shards: string;
}

interface LiveStatus {
  state: string;
  version: string;
  title: string;
  time: string;
  progress: string;
  percent: number | null;
  steps: Step[];
}

/** Pauses before another try, in milliseconds: doubled each time, and spread so that not all viewers come at once. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
const SPREAD = 400;
/** A tab that nobody looks at for so long, in milliseconds, is no longer kept up to date. */
const HIDDEN_MS = 10_000;
/** A reader hears of progress when so many more per cent are done. */
const SAID_EACH = 25;

let source: EventSource | undefined;
let pause = FIRST_PAUSE;
let loading = false;
let next: ReturnType<typeof setTimeout> | undefined;
let hidden: ReturnType<typeof setTimeout> | undefined;
/** Whether nobody has looked for some time. */
let away = false;
let said = { title: '', quarter: 0 };

const box = () => document.getElementById('export');
const spread = () => Math.random() * SPREAD;

/** Writes a text where it differs, so that what somebody has selected stays. */
function write(within: ParentNode, name: string, text: string): void {
  const element = within.querySelector(`[data-live="${name}"]`);
  if (element && element.textContent !== text) element.textContent = text;
}

/** Screen readers hear of a new state, and of each quarter; not of each record. */
function say({ title, progress, percent }: Pick<LiveStatus, 'title' | 'progress' | 'percent'>): void {
  const quarter = Math.floor((percent ?? 0) / SAID_EACH);
  if (title === said.title && quarter === said.quarter) return;
  const first = said.title === '';
  said = { title, quarter };
  const place = document.getElementById('export-said');
  if (place && !first) place.textContent = progress === '' ? title : `${title}: ${progress}`;
}

function show(status: LiveStatus): void {
  const content = box();
  if (!content) return;
  say(status);
  write(content, 'title', status.title);
  write(content, 'time', status.time);
  write(content, 'progress', status.progress);
  const bar = content.querySelector('progress');
  if (bar && status.percent !== null) bar.value = status.percent;
  for (const step of status.steps) {
    const row = content.querySelector(`[data-step="${CSS.escape(step.key)}"]`);
    if (!row) continue;
    write(row, 'parts', step.parts);
    write(row, 'doing', step.doing);
    write(row, 'records', step.records);
    const marks = row.querySelector('[data-live="shards"]')?.children ?? [];
    for (const [index, mark] of [...marks].entries()) mark.className = step.shards[index] ?? '';
  }
  if (status.version !== content.dataset.version) soon(spread());
}

/** Whether somebody is typing something that a new content would take away. */
function inUse(content: HTMLElement): boolean {
  return [...content.querySelectorAll<HTMLInputElement>('input:not([type="hidden"])')].some(
    ({ value }) => value !== '',
  );
}

/** Loads the page again, and shows its content. Where it cannot be had, it is tried again. */
async function load(): Promise<void> {
  const old = box();
  if (!old || loading || away) return;
  if (inUse(old)) return again();
  loading = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    // The service is away, or has too much to do: that passes, and what is shown is better than a page that says so.
    if (answer.status >= 500 || answer.status === 429) return again();
    if (answer.redirected) return location.reload();
    const found = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('export');
    if (!found) return location.reload();
    const focused = focusPath(old);
    old.replaceWith(found);
    say(shown(found));
    if (focused) found.querySelector<HTMLElement>(focused)?.focus();
    pause = FIRST_PAUSE;
    follow();
  } catch {
    // The network, or the service, is away.
    again();
  } finally {
    loading = false;
  }
}

/** What a content tells. */
function shown(content: HTMLElement): Parameters<typeof say>[0] {
  const text = (name: string) => content.querySelector(`[data-live="${name}"]`)?.textContent ?? '';
  return {
    title: text('title'),
    progress: text('progress'),
    percent: content.querySelector('progress')?.value ?? null,
  };
}

/** Finds again what has the focus: a link by where it leads, a button by what its form does. */
function focusPath(content: HTMLElement): string | undefined {
  const { activeElement: focused } = document;
  if (!focused || !content.contains(focused)) return undefined;
  if (focused instanceof HTMLAnchorElement) return `a[href="${CSS.escape(focused.getAttribute('href') ?? '')}"]`;
  if (focused instanceof HTMLButtonElement && focused.form) {
    return `form[action="${CSS.escape(focused.form.getAttribute('action') ?? '')}"] button`;
  }
  return focused instanceof HTMLElement && focused.id !== '' ? `#${CSS.escape(focused.id)}` : undefined;
}

/** Loads the page after some milliseconds, unless that is to be done anyway. */
function soon(ms: number): void {
  if (next !== undefined) return;
  next = setTimeout(() => {
    next = undefined;
    void load();
  }, ms);
}

function again(): void {
  soon(pause + spread());
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

/** Listens to the events that the page names, if it names any and is not listened to already. */
function follow(): void {
  const address = box()?.dataset.events;
  if (address === undefined) {
    unfollow();
    return;
  }
  if (away || (source && source.readyState !== EventSource.CLOSED)) return;
  const opened = new EventSource(address);
  source = opened;
  opened.addEventListener('open', () => {
    pause = FIRST_PAUSE;
  });
  opened.addEventListener('progress', (event) => show(JSON.parse(event.data)));
  opened.addEventListener('end', (event) => {
    unfollow();
    show(JSON.parse(event.data));
  });
  opened.addEventListener('error', () => {
    // What broke is opened again by the browser; what was refused is not.
    if (opened.readyState === EventSource.CLOSED && source === opened) again();
  });
}

function unfollow(): void {
  source?.close();
  source = undefined;
}

/** A hidden tab lets go of its connection: a browser has few to a host, and a producer counts those of each person. */
function watchTab(): void {
  clearTimeout(hidden);
  if (document.hidden) {
    hidden = setTimeout(() => {
      away = true;
      unfollow();
    }, HIDDEN_MS);
    return;
  }
  away = false;
  // Another tab may have tried it again, or cancelled it, since this one was looked at.
  if (!source) void load();
}

document.addEventListener('visibilitychange', watchTab);
window.addEventListener('pageshow', (event) => {
  if (event.persisted) void load();
});
window.addEventListener('pagehide', unfollow);
const first = box();
if (first) say(shown(first));
follow();
if (document.hidden) watchTab();

export {};
