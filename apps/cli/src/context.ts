/** What a command works with. */

import type { Writable } from 'node:stream';
import type { Parsed } from './arguments.js';
import { Client } from './client.js';
import { Output, type Screen } from './output.js';
import { shellWord } from './printable.js';
import type { Input } from './secrets.js';
import { resolveSettings, type Settings } from './settings.js';

/** The world outside, as the process (or a test) has it. */
export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  stdin: Input;
  stdout: Writable;
  stderr: Screen;
  /** Aborted with an `Interrupted` when somebody ends the command. */
  signal: AbortSignal;
}

/** What goes on without us when the command ends early. */
export interface Underway {
  /** The key of a request whose answer has not come. */
  key?: string;
  /** An export, and whether it is still running. */
  id?: string;
  running?: boolean;
  /** `--out` as it was given. */
  out?: string;
  /** A file that holds what arrived so far. */
  part?: string;
}

export class Context {
  readonly output: Output;
  readonly underway: Underway = {};
  #settings: Promise<Settings> | undefined;

  constructor(
    readonly io: Io,
    readonly parsed: Parsed,
  ) {
    this.output = new Output({
      stdout: io.stdout,
      stderr: io.stderr,
      env: io.env,
      json: parsed.has('json'),
      quiet: parsed.has('quiet'),
    });
  }

  /** @throws {CliError} where a setting is missing or wrong */
  settings(): Promise<Settings> {
    this.#settings ??= resolveSettings(this.parsed, this.io.env, this.io.stdin).then((settings) => {
      this.output.hide(settings.token);
      for (const warning of settings.warnings) this.output.warn(`parcelpost: ${warning}`);
      return settings;
    });
    return this.#settings;
  }

  async client(): Promise<Client> {
    const { url, token, patienceMs } = await this.settings();
    return new Client({
      url,
      token,
      patienceMs,
      signal: this.io.signal,
      onTrouble: (error) => this.output.trouble(error.message),
    });
  }

  /** A command line that does something else with the same service. */
  async command(...words: string[]): Promise<string> {
    const settings = await this.#settings?.catch(() => undefined);
    return ['parcelpost', ...words, ...(settings?.repeat ?? [])].map(shellWord).join(' ');
  }

  /** How to find again what goes on without us. */
  async whereToFindIt(): Promise<string[]> {
    const { id, key, out, part } = this.underway;
    if (id !== undefined) {
      const fetch = ['download', id, ...(out === undefined || out === '-' ? [] : ['--out', out])];
      return [
        ...(part === undefined ? [await this.command('status', id, '--wait')] : []),
        await this.command(...fetch, ...(this.parsed.has('force') ? ['--force'] : [])),
      ];
    }
    return key === undefined ? [] : [await this.command('list')];
  }
}
