/** What a project's page has of script beside the live list: its map, and the reader's eyes where something is wrong. */
import './parcelpost-export.js';
import { showMap } from './project-map.js';

/** What is wrong with the form is where the reader is to be, wherever the page was before. */
document.getElementById('faults')?.focus();

const figure = document.querySelector<HTMLElement>('figure[data-map]');
if (figure) {
  const begin = () => void showMap(figure).catch(() => {});
  // After the picture, and only for who comes to see it.
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    if ('requestIdleCallback' in globalThis) requestIdleCallback(begin, { timeout: 2000 });
    else setTimeout(begin, 500);
  });
  if (document.readyState === 'complete') seen.observe(figure);
  else addEventListener('load', () => seen.observe(figure));
}

/** One click is one request; the server would tell a second from the first by its key, but why ask. */
const form = document.querySelector<HTMLFormElement>('#export-form');
form?.addEventListener('submit', () => {
  for (const button of form.querySelectorAll('button')) button.disabled = true;
});
addEventListener('pageshow', () => {
  for (const button of form?.querySelectorAll('button') ?? []) button.disabled = false;
});
