/** What a page says to people, and which words a language has for that. */
import type { Language } from '@parcelpost/shared/languages.js';
import type { Page } from 'playwright-core';
import { COMMON } from '../../apps/producer/src/pages/words/common.js';
import { ERRORS } from '../../apps/producer/src/pages/words/errors.js';
import { EXPORT } from '../../apps/producer/src/pages/words/export.js';
import { PROJECT } from '../../apps/producer/src/pages/words/project.js';
import { SESSION } from '../../apps/producer/src/pages/words/session.js';

/** Run in the page: texts, and attributes that are read out or shown; but what is marked as being in a language of its own, and code. */
const SAID = `(() => {
  const said = new Set();
  const say = (text) => /\\p{L}{3}/u.test(text ?? '') && said.add(text.trim().replaceAll(/\\s+/g, ' '));
  const read = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return say(node.data);
    if (!(node instanceof Element || node instanceof ShadowRoot)) return;
    if (node instanceof Element && node !== document.body) {
      if (node.matches('script, style, code, noscript, [lang]')) return;
      for (const name of ['aria-label', 'title', 'alt', 'placeholder']) say(node.getAttribute(name));
      if (node.shadowRoot) read(node.shadowRoot);
    }
    for (const child of node.childNodes) read(child);
  };
  say(document.title);
  read(document.body);
  return [...said];
})()`;

/** Everything that a page says, each once; what has no three letters in a row is none of it. */
export function saidBy(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(SAID);
}

/** Tells which texts are a language's own words, with whatever values in their places. */
export function wordsOf(language: Language): (text: string) => boolean {
  const areas = [COMMON, ERRORS, EXPORT, PROJECT, SESSION].map((area) => area[language]);
  const patterns = leaves(areas)
    // Where only values stand, anything would do.
    .filter((text) => /\p{L}{3}/u.test(text.replaceAll(PLACE, '')))
    .map((text) => new RegExp(`^${text.split(PLACE).map(literally).join('.+')}$`, 'u'));
  return (text) => patterns.some((pattern) => pattern.test(text));
}

const PLACE = /\{\w+\}/g;
const literally = (text: string) => text.replaceAll(/[$()*+.?[\\\]^{|}/]/g, '\\$&');

function leaves(words: unknown): string[] {
  if (typeof words === 'string') return [words];
  return typeof words === 'object' && words !== null ? Object.values(words).flatMap(leaves) : [];
}
