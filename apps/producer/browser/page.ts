/** What every page has of script: times that keep up with the clock, and pages without a script of their own that look again. */

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];
const CLOCK_MS = 15_000;

const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
const local = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'long' });

/** Writes each relative time anew, as the server words it; its title says the moment in the reader's own time zone. */
function tellTimes(): void {
  for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-relative]')) {
    const moment = new Date(element.dateTime);
    const seconds = (moment.getTime() - Date.now()) / 1000;
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
    const text = relative.format(Math.trunc(seconds / size), unit);
    if (element.textContent !== text) element.textContent = text;
    element.title = local.format(moment);
  }
}

/** Loads the page again and shows its new content, unless somebody is writing or choosing something in the old one. */
async function lookAgain(main: HTMLElement, everyMs: number): Promise<void> {
  const again = () => setTimeout(() => void lookAgain(main, everyMs), everyMs);
  const inUse = document.hidden || main.contains(document.activeElement);
  if (inUse) return void again();
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (answer.redirected) return location.reload();
    const found = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
    if (!answer.ok || !found) return void again();
    main.replaceChildren(...found.childNodes);
    tellTimes();
    if (found.dataset.refresh !== undefined) again();
  } catch {
    // The network, or the service, is away: the next look may find it.
    again();
  }
}

tellTimes();
setInterval(tellTimes, CLOCK_MS);
const main = document.querySelector<HTMLElement>('main[data-refresh]');
if (main) {
  const everyMs = Number(main.dataset.refresh) * 1000;
  setTimeout(() => void lookAgain(main, everyMs), everyMs);
}

export {};
