/**
 * `<parcelpost-export project="organization/project">`: asks for exports of a project, and shows how they come along, on the
 * page of any site.
 *
 * Attributes: `project`; `producer`, the origin to ask (by default the one that this module is from); `language` (by default
 * that of the page); `formats`, what to offer, of shp, xls, res, all and the formats of the API, separated by commas;
 * `view="recent"`, without the form. Properties: `token`, an API token of the reader; or `tokenProvider`, an async function that
 * gives one, and a new one when the last was refused. A token is never an attribute, and never in an address.
 *
 * Events, which bubble, with the export as `detail`: `parcelpost:started`, `parcelpost:done`, `parcelpost:failed`.
 */

import { embedStyle } from './embed-style.js';
import { ago, bytes, fill, keep, make, randomKey } from './embed-texts.js';
import { type EmbedWords, nameOf, speechOf } from './embed-words.js';
import { type Export, isOpen, pause, Refused, SessionSource, type Source, TokenSource } from './export-source.js';

type TokenProvider = () => Promise<string> | string;

const TYPES = ['shp', 'xls', 'res', 'all'] as const;
/** A bundle up to this size is fetched by script, with the token; a larger one from its own page. */
const MOST_FETCHED_BYTES = 250_000_000;
const AGAIN_MS = 5000;
const MOST_AGAIN_MS = 60_000;

class ParcelpostExport extends HTMLElement {
  static readonly observedAttributes = ['project', 'producer', 'language', 'formats', 'view'];

  #token: string | undefined;
  #tokenProvider: TokenProvider | undefined;
  #given: string | undefined;
  #life: AbortController | undefined;
  #exports: readonly Export[] = [];
  #list: HTMLElement | undefined;
  #said: HTMLElement | undefined;
  #fault: HTMLElement | undefined;
  #key: string | undefined;
  #wake: (() => void) | undefined;

  /** An API token of the reader; to set it shows what it opens. */
  get token(): string | undefined {
    return this.#token;
  }
  set token(token: string | undefined) {
    this.#token = token;
    this.#begin();
  }

  /** Gives a token whenever one is needed. */
  get tokenProvider(): TokenProvider | undefined {
    return this.#tokenProvider;
  }
  set tokenProvider(provider: TokenProvider | undefined) {
    this.#tokenProvider = provider;
    this.#begin();
  }

  connectedCallback(): void {
    this.#begin();
  }

  disconnectedCallback(): void {
    this.#life?.abort();
    this.#life = undefined;
  }

  attributeChangedCallback(): void {
    if (this.#life) this.#begin();
  }

  /** Shows everything anew, with what attributes and properties say now. */
  #begin(): void {
    if (!this.isConnected) return;
    this.#life?.abort();
    const life = new AbortController();
    this.#life = life;
    this.#given = undefined;
    this.#exports = [];
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [embedStyle()];
    const source = this.#source();
    root.replaceChildren(this.#frame(source));
    if (source) void this.#live(source, life.signal);
  }

  #source(): Source | undefined {
    const [organization, project, ...more] = (this.getAttribute('project') ?? '').split('/');
    if (!organization || !project || more.length > 0) return undefined;
    if (this.hasAttribute('session'))
      return new SessionSource([organization, project], this.getAttribute('csrf') ?? '', this.#speech.language);
    if (this.#token === undefined && this.#tokenProvider === undefined) return undefined;
    const producer = this.getAttribute('producer') ?? new URL(import.meta.url).origin;
    return new TokenSource(producer, [organization, project], async (afresh) => {
      if (this.#tokenProvider && (afresh || this.#given === undefined)) this.#given = await this.#tokenProvider();
      return this.#given ?? this.#token ?? '';
    });
  }

  get #speech() {
    return speechOf(this.getAttribute('language') ?? (this.closest<HTMLElement>('[lang]')?.lang || navigator.language));
  }

  #frame(source: Source | undefined): HTMLElement {
    const { words, language, dir } = this.#speech;
    const bare = this.getAttribute('view') === 'recent';
    this.#said = make('p', { class: 'said', role: 'status' });
    this.#fault = make('p', { class: 'fault', role: 'alert' });
    this.#list = make('ul', { 'aria-label': words.recent });
    const frame = make('div', { class: bare ? 'frame bare' : 'frame', lang: language, dir });
    if (!source) frame.append(make('p', { class: 'small' }, words.noToken));
    else if (bare) frame.append(this.#fault, this.#list, this.#said);
    else {
      frame.append(
        make('h2', {}, words.heading),
        this.#form(source, words),
        this.#fault,
        make('h2', {}, words.recent),
        this.#list,
        this.#said,
      );
    }
    return frame;
  }

  #form(source: Source, words: EmbedWords): HTMLElement {
    const offered = (this.getAttribute('formats') ?? TYPES.join(',')).split(',').map((one) => one.trim());
    const choices = offered.map((what, index) => {
      const input = make('input', { type: 'radio', name: 'what', value: what }) as HTMLInputElement;
      input.checked = index === 0;
      return make('label', {}, input, nameOf(what, words));
    });
    const mail = make('input', { type: 'checkbox', name: 'mail' });
    const button = make('button', { class: 'primary' }, words.submit) as HTMLButtonElement;
    const form = make(
      'form',
      {},
      make('fieldset', {}, make('legend', {}, words.what), ...choices),
      make('label', {}, mail, words.mail),
      button,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const filled = new FormData(form as HTMLFormElement);
      void this.#during(button, words.asking, () => this.#ask(source, String(filled.get('what')), filled.has('mail')));
    });
    return form;
  }

  async #ask(source: Source, what: string, mail: boolean): Promise<void> {
    const hooks = mail ? [{ task: 'msg.email' }] : [];
    const wanted = (TYPES as readonly string[]).includes(what) ? { outputType: what } : { formats: [what] };
    // The same key until there is an answer: whoever asks again after a broken line asks once.
    this.#key ??= randomKey();
    const started = await source.request({ ...wanted, onSuccess: hooks, onFailure: hooks }, this.#key);
    this.#key = undefined;
    this.#tell('started', started);
    this.#show(source, [started, ...this.#exports.filter(({ id }) => id !== started.id)]);
    this.#wake?.();
  }

  /** Follows the exports until the element is taken away, or begins anew. */
  async #live(source: Source, life: AbortSignal): Promise<void> {
    let again = AGAIN_MS;
    while (!life.aborted) {
      const turn = new AbortController();
      this.#wake = () => turn.abort();
      const either = AbortSignal.any([life, turn.signal]);
      try {
        this.#show(source, await source.list(either));
        this.#complain('');
        again = AGAIN_MS;
        await source.wait(this.#exports, (id, progress) => this.#progress(id, progress), either);
      } catch (error) {
        if (turn.signal.aborted || life.aborted) continue;
        const refused = error instanceof Refused;
        this.#complain(refused ? error.message : this.#speech.words.away);
        // A token that opens nothing does not get better by waiting.
        if (refused && error.status < 500 && error.status !== 429) return;
        await pause(again, either).catch(() => {});
        again = Math.min(2 * again, MOST_AGAIN_MS);
      }
    }
  }

  /** Does something that a button asks for; the button waits, and what goes wrong is told. */
  async #during(button: HTMLButtonElement, words: string, deed: () => Promise<void>): Promise<void> {
    const before = button.textContent;
    button.disabled = true;
    button.textContent = words;
    this.#complain('');
    try {
      await deed();
    } catch (error) {
      this.#complain(error instanceof Refused ? error.message : this.#speech.words.away);
    }
    button.disabled = false;
    button.textContent = before;
  }

  #complain(text: string): void {
    if (this.#fault && this.#fault.textContent !== text) this.#fault.textContent = text;
  }

  #tell(what: 'started' | 'done' | 'failed', one: Export): void {
    this.dispatchEvent(new CustomEvent(`parcelpost:${what}`, { detail: one, bubbles: true, composed: true }));
  }

  #progress(id: string, progress: Export['progress']): void {
    const bar = this.#list?.querySelector<HTMLProgressElement>(`[data-id="${CSS.escape(id)}"] progress`);
    if (bar && progress.rowsExpected) {
      bar.max = progress.rowsExpected;
      bar.value = Math.min(progress.rows, progress.rowsExpected);
    }
  }

  #show(source: Source, exports: readonly Export[]): void {
    const { words } = this.#speech;
    const before = new Map(this.#exports.map((one) => [one.id, one]));
    this.#exports = exports;
    for (const one of exports) {
      const known = before.get(one.id);
      if (!known || !isOpen(known) || isOpen(one)) continue;
      if (this.#said) this.#said.textContent = `${this.#kind(one, words)}: ${words.states[one.state]}`;
      this.#tell(one.state === 'completed' || one.state === 'partial' ? 'done' : 'failed', one);
    }
    const list = this.#list;
    if (!list) return;
    const rows = new Map([...list.children].map((row) => [(row as HTMLElement).dataset.id, row as HTMLElement]));
    const focused = this.shadowRoot?.activeElement?.closest('li')?.dataset.id;
    const shown = exports.map((one) => {
      const looks = JSON.stringify(one);
      const row = rows.get(one.id);
      if (row?.dataset.looks === looks) return row;
      const fresh = this.#row(source, one, words);
      fresh.dataset.looks = looks;
      return fresh;
    });
    const nothing = make('li', { class: 'small' }, words.none);
    list.replaceChildren(...(shown.length > 0 ? shown : [nothing]));
    const lost = focused !== undefined && !this.shadowRoot?.activeElement;
    if (lost) list.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"] :is(button, a)`)?.focus();
  }

  #kind({ outputType, formats }: Export, words: EmbedWords): string {
    return outputType === 'custom' ? formats.map((one) => nameOf(one, words)).join(', ') : nameOf(outputType, words);
  }

  #row(source: Source, one: Export, words: EmbedWords): HTMLElement {
    const { language } = this.#speech;
    const what = this.#kind(one, words);
    const elsewhere = !this.hasAttribute('session');
    const link = make('a', { href: one.links.page, ...(elsewhere && { target: '_blank', rel: 'noopener' }) }, what);
    if (elsewhere) link.append(make('span', { class: 'said' }, ` (${words.newWindow})`));
    const size = one.bundle ? ` · ${bytes(one.bundle.bytes, language)}` : '';
    const by = fill(words.by, { name: one.requestedBy.name, time: ago(one.requestedAt, language) });
    const state = make(
      'span',
      { class: `state ${one.state}` },
      one.cancelling ? words.cancelling : words.states[one.state],
    );
    const about = make('div', {}, link, ' ', state, make('p', { class: 'small' }, by + size));
    const { rows, rowsExpected } = one.progress;
    if (isOpen(one)) {
      const bar = make('progress', { 'aria-label': what }) as HTMLProgressElement;
      if (rowsExpected) {
        bar.max = rowsExpected;
        bar.value = Math.min(rows, rowsExpected);
      }
      about.append(bar);
    }
    const why = one.reason ?? one.error?.message;
    if (one.state === 'failed' && why !== undefined) about.append(make('p', { class: 'small' }, why));
    return make(
      'li',
      { 'data-id': one.id },
      about,
      make('div', { class: 'deeds' }, ...this.#deeds(source, one, words, what)),
    );
  }

  #deeds(source: Source, one: Export, words: EmbedWords, what: string): HTMLElement[] {
    const named = (deed: string) => ({ 'aria-label': fill(words.of, { deed, what }) });
    const button = (text: string, meanwhile: string, deed: () => Promise<void>) => {
      const made = make('button', { type: 'button', ...named(text) }, text) as HTMLButtonElement;
      made.addEventListener('click', () => void this.#during(made, meanwhile, deed));
      return made;
    };
    const change = (deed: 'cancel' | 'retry', text: string) =>
      button(text, text, async () => {
        await source.change(one.id, deed);
        this.#wake?.();
      });
    const deeds: HTMLElement[] = [];
    if (one.bundle && one.links.download) {
      const fetched = source.fetch?.bind(source);
      if (!fetched)
        deeds.push(make('a', { class: 'button', href: one.links.download, ...named(words.download) }, words.download));
      else if (one.bundle.bytes > MOST_FETCHED_BYTES)
        deeds.push(
          make(
            'a',
            { class: 'button', href: one.links.page, target: '_blank', rel: 'noopener', ...named(words.download) },
            words.download,
          ),
        );
      else {
        const { name } = one.bundle;
        deeds.push(button(words.download, words.downloading, async () => keep(await fetched(one), name)));
      }
    }
    if (one.mayChange === false) return deeds;
    if (isOpen(one) && !one.cancelling) deeds.push(change('cancel', words.cancel));
    if (one.retryable) deeds.push(change('retry', one.state === 'partial' ? words.retryMissing : words.retry));
    return deeds;
  }
}

if (!customElements.get('parcelpost-export')) customElements.define('parcelpost-export', ParcelpostExport);
