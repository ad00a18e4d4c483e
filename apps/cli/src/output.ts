/** Where everything that is told goes: results to standard output, the rest to standard error, or all as JSON lines. */
import type { Writable } from 'node:stream';
import { percent, renderBar, type Stage } from './bar.js';
import type { CliError } from './errors.js';
import { printable } from './printable.js';

/** A stream that may be a terminal. */
export type Screen = Writable & { isTTY?: boolean | undefined; columns?: number | undefined };

export interface OutputOptions {
  stdout: Writable;
  stderr: Screen;
  json: boolean;
  quiet: boolean;
  env: Readonly<Record<string, string | undefined>>;
}

/** A bar is drawn no more often, in milliseconds. */
const FRAME_MS = 100;
/** Without a terminal, a line is written when the stage changes, a tenth is done, or nothing was told for so long. */
const QUIET_MS = 30_000;
/** Documents of one download come no more often. */
const DOCUMENT_MS = 500;
const SHORTEST_SECRET = 6;
const CLEAR = '\r\u001b[K';

export class Output {
  readonly json: boolean;
  readonly #options: OutputOptions;
  readonly #bar: boolean;
  readonly #colour: boolean;
  readonly #secrets: string[] = [];
  #drawn = false;
  #stage: Stage | undefined;
  #tick = 0;
  #lastFrame = 0;
  #lastLine = { label: '', tenth: -1, at: 0 };
  #trouble = { message: '', at: 0 };
  #wheel: NodeJS.Timeout | undefined;

  constructor(options: OutputOptions) {
    const { json, quiet, stderr, env } = options;
    this.#options = options;
    this.json = json;
    this.#bar = !json && !quiet && stderr.isTTY === true && env.TERM !== 'dumb';
    // https://no-color.org: any value but the empty one.
    this.#colour = !env.NO_COLOR;
  }

  /** From now on this is never written, whatever it stands in; what is shorter than a word is no secret. */
  hide(secret: string): void {
    if (secret.length >= SHORTEST_SECRET) this.#secrets.push(secret);
  }

  /** A result for people: a line on standard output; nothing with `--json`. */
  line(text = ''): void {
    if (this.json) return;
    this.clear();
    this.#write(this.#options.stdout, `${text}\n`);
  }

  /** A result for programs: one document on one line; nothing without `--json`. */
  document(content: object): void {
    if (this.json) this.#write(this.#options.stdout, `${JSON.stringify(content)}\n`);
  }

  /** What happens meanwhile, for people. */
  note(text: string): void {
    if (!this.json && !this.#options.quiet) this.warn(text);
  }

  /** Something fails that is tried again: told once, until it is another thing or has lasted. */
  trouble(message: string): void {
    const now = Date.now();
    if (message === this.#trouble.message && now - this.#trouble.at < QUIET_MS) return;
    this.#trouble = { message, at: now };
    this.document({ event: 'trouble', message });
    this.note(`${message} Trying again …`);
  }

  /** What people are to know in any case. */
  warn(text: string): void {
    this.clear();
    this.#write(this.#options.stderr, `${text}\n`);
    this.#draw();
  }

  /** How far it is. `content` is the document of the same. */
  progress(stage: Stage, content: object): void {
    const now = Date.now();
    this.#trouble.message = '';
    const changed = stage.label !== this.#stage?.label || stage.fraction === 1;
    this.#stage = stage;
    if (this.json) {
      if (!changed && now - this.#lastFrame < DOCUMENT_MS) return;
      this.#lastFrame = now;
      this.document(content);
    } else if (this.#bar) {
      if (!changed && now - this.#lastFrame < FRAME_MS) return;
      this.#draw();
      // A wheel turns also while nothing is heard.
      this.#wheel ??= setInterval(() => this.#draw(), 4 * FRAME_MS).unref();
    } else if (!this.#options.quiet) {
      this.#progressLine(stage, now);
    }
  }

  /** Whatever was under way is over: no bar any more. */
  endProgress(): void {
    this.clear();
    clearInterval(this.#wheel);
    this.#wheel = undefined;
    this.#stage = undefined;
  }

  /** What went wrong, and what to do: on standard error, and as a document with `--json`. */
  fail(error: CliError, context: object = {}): void {
    this.endProgress();
    const { exit, code, message, details } = error;
    const { advice = [], fields = [], status } = details;
    if (this.json) {
      this.document({
        event: 'error',
        exitCode: exit,
        code,
        message,
        ...(status !== undefined && { status }),
        ...(fields.length > 0 && { errors: fields }),
        ...(advice.length > 0 && { advice }),
        ...context,
      });
      return;
    }
    const lines = [
      `parcelpost: ${printable(message)}`,
      ...fields.map(({ pointer, detail }) => `  ${printable(pointer || 'the request')}: ${printable(detail)}`),
      ...advice.map((line) => `  ${printable(line)}`),
    ];
    this.#write(this.#options.stderr, `${lines.join('\n')}\n`);
  }

  /** Takes the bar away, so that something else can be written. */
  clear(): void {
    if (!this.#drawn) return;
    this.#drawn = false;
    this.#options.stderr.write(CLEAR);
  }

  #draw(): void {
    if (!this.#bar || !this.#stage) return;
    const columns = this.#options.stderr.columns || 80;
    this.#lastFrame = Date.now();
    this.#drawn = true;
    this.#options.stderr.write(`${CLEAR}${renderBar(this.#stage, columns, this.#colour, this.#tick++)}`);
  }

  #progressLine(stage: Stage, now: number): void {
    const { label, fraction, figures } = stage;
    const tenth = fraction === undefined ? -1 : Math.floor(fraction * 10);
    const last = this.#lastLine;
    if (label === last.label && tenth === last.tenth && now - last.at < QUIET_MS) return;
    this.#lastLine = { label, tenth, at: now };
    const share = fraction === undefined ? '' : ` ${percent(fraction)} %`;
    this.#write(this.#options.stderr, `${`${label}${share}  ${figures}`.trimEnd()}\n`);
  }

  #write(stream: Writable, text: string): void {
    stream.write(this.#secrets.reduce((all, secret) => all.replaceAll(secret, '***'), text));
  }
}
