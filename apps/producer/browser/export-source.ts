/** Where the embedded element has exports from: the API of a producer, with a token; or the page itself, in its session. */

/** An export as the API shows it: what is used of it here. */
export interface Export {
  id: string;
  state: 'waiting' | 'running' | 'completed' | 'partial' | 'failed' | 'cancelled' | 'expired';
  cancelling: boolean;
  retryable: boolean;
  outputType: string;
  formats: string[];
  requestedBy: { name: string };
  requestedAt: string;
  progress: { rows: number; rowsExpected: number | null };
  error: { message: string } | null;
  /** Why it failed, in plain words of the reader's language; where nobody has put it so, `error` says it. */
  reason?: string;
  bundle: { name: string; bytes: number } | null;
  links: { page: string; download: string | null };
  /** Whether the reader may cancel it or try it again; not said by the API, which answers who tries. */
  mayChange?: boolean;
}

/** An answer that is no success, with what the problem document says (RFC 9457). */
export class Refused extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

export interface Source {
  /** The newest exports of the project first. */
  list(signal: AbortSignal): Promise<Export[]>;
  /** Ends when there is something new to be had from {@link list}; `tell` gets progress meanwhile. */
  wait(
    exports: readonly Export[],
    tell: (id: string, progress: Export['progress']) => void,
    signal: AbortSignal,
  ): Promise<void>;
  request(body: object, key: string): Promise<Export>;
  /** Cancels an export, or tries it again. */
  change(id: string, deed: 'cancel' | 'retry'): Promise<void>;
  /** The bundle as a file to keep; undefined where a plain link does. */
  fetch?(one: Export): Promise<Blob>;
}

const MOST_STREAMS = 3;
const IDLE_MS = 30_000;
/** Between two looks at exports that are not watched. */
const OTHERS_MS = 10_000;
const BROKEN_OFF_MS = 3000;

export const isOpen = ({ state }: Pick<Export, 'state'>): boolean => state === 'waiting' || state === 'running';

/** Reads with a token, from a producer that may be on another origin. */
export class TokenSource implements Source {
  /**
   * @param producer origin of the producer
   * @param token asked for before each request; `afresh` if the last one was refused
   */
  constructor(
    readonly producer: string,
    readonly project: readonly [organization: string, project: string],
    readonly token: (afresh: boolean) => Promise<string>,
  ) {}

  async list(signal: AbortSignal): Promise<Export[]> {
    const [organization, project] = this.project;
    const query = new URLSearchParams({ organization, project, limit: '10' });
    const answer = await this.#ask(`/api/v1/exports?${query}`, { signal });
    return ((await answer.json()) as { results: Export[] }).results;
  }

  async wait(
    exports: readonly Export[],
    tell: (id: string, progress: Export['progress']) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const open = exports.filter(isOpen).slice(0, MOST_STREAMS);
    if (open.length === 0) return pause(IDLE_MS, signal);
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    // The first that ends is news; the others are read again with the list.
    await Promise.race(open.map(({ id }) => this.#follow(id, tell, either))).finally(() => enough.abort());
  }

  async request(body: object, key: string): Promise<Export> {
    const [organization, project] = this.project.map(encodeURIComponent);
    const answer = await this.#ask(`/api/v1/organizations/${organization}/projects/${project}/exports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `"${key}"` },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Export;
  }

  async change(id: string, deed: 'cancel' | 'retry'): Promise<void> {
    if (deed === 'cancel') await this.#ask(`/api/v1/exports/${id}`, { method: 'DELETE' });
    else await this.#ask(`/api/v1/exports/${id}/retry`, { method: 'POST' });
  }

  async fetch({ id }: Export): Promise<Blob> {
    return (await this.#ask(`/api/v1/exports/${id}/download`, {})).blob();
  }

  /** Reads the events of an export until it is decided; a stream that breaks off is no news, and is taken up by the next look. */
  async #follow(
    id: string,
    tell: (id: string, progress: Export['progress']) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const answer = await this.#ask(`/api/v1/exports/${id}/events`, {
      signal,
      headers: { accept: 'text/event-stream' },
    });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (reader) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const name = /^event: *(.*)$/m.exec(event)?.[1];
        const data = /^data: *(.*)$/m.exec(event)?.[1];
        if (data === undefined) continue;
        if (name === 'end') return;
        const { rows, rowsExpected } = JSON.parse(data) as Partial<Export['progress']>;
        if (rows !== undefined) tell(id, { rows, rowsExpected: rowsExpected ?? null });
      }
    }
    await pause(BROKEN_OFF_MS, signal);
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const send = async (afresh: boolean) =>
      fetch(new URL(path, this.producer), {
        ...init,
        credentials: 'omit',
        headers: { ...init.headers, authorization: `Bearer ${await this.token(afresh)}` },
      });
    let answer = await send(false);
    if (answer.status === 401) answer = await send(true);
    return checked(answer);
  }
}

/** Reads in the session of a page of the producer's own. */
export class SessionSource implements Source {
  constructor(
    readonly project: readonly [organization: string, project: string],
    /** The token of the page's forms. */
    readonly csrf: string,
    /** Tag of the language in which to be told. */
    readonly language: string,
  ) {}

  async list(signal: AbortSignal): Promise<Export[]> {
    const project = this.project.map(encodeURIComponent).join('/');
    const query = new URLSearchParams({ lang: this.language });
    const answer = await this.#ask(`/projects/${project}/exports.json?${query}`, { signal });
    return ((await answer.json()) as { results: Export[] }).results;
  }

  async wait(
    exports: readonly Export[],
    tell: (id: string, progress: Export['progress']) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const [watched, ...others] = exports.filter(isOpen);
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    const news = watched === undefined ? [] : [this.#follow(watched, tell, either)];
    // One stream alone: a browser has few connections to a host, and other tabs need some.
    const nextLook = pause(others.length > 0 ? OTHERS_MS : IDLE_MS, either);
    await Promise.race([...news, nextLook]).finally(() => enough.abort());
    while (document.hidden) await pause(OTHERS_MS, signal);
  }

  /** Reads the events of an export's page until it stands otherwise. */
  #follow(
    { id, state }: Export,
    tell: (id: string, progress: Export['progress']) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve) => {
      const events = new EventSource(`/exports/${id}/events`);
      const end = () => {
        events.close();
        resolve();
      };
      signal.addEventListener('abort', end);
      events.addEventListener('progress', ({ data }) => {
        const now = JSON.parse(data) as { state: string; percent: number | null };
        if (now.state !== state) end();
        else if (now.percent !== null) tell(id, { rows: now.percent, rowsExpected: 100 });
      });
      events.addEventListener('end', end);
      // What breaks off is opened again by the browser; what is refused is not.
      events.addEventListener('error', () => {
        if (events.readyState === EventSource.CLOSED) setTimeout(end, BROKEN_OFF_MS);
      });
    });
  }

  async request(): Promise<Export> {
    throw new Error('exports are asked for by the form of the page');
  }

  async change(id: string, deed: 'cancel' | 'retry'): Promise<void> {
    await this.#ask(`/exports/${id}/${deed}`, {
      method: 'POST',
      body: new URLSearchParams({ csrf: this.csrf }),
      redirect: 'manual',
    });
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const answer = await fetch(path, { ...init, headers: { accept: 'application/json' } });
    // The session is over: the page itself leads to where to sign in.
    if (answer.status === 401) location.reload();
    return checked(answer);
  }
}

async function checked(answer: Response): Promise<Response> {
  if (answer.ok || answer.type === 'opaqueredirect') return answer;
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new Refused(answer.status, problem.detail ?? `${answer.status} ${answer.statusText}`);
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
