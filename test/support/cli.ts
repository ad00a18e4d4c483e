/** The command line, as a test runs it: in this process, or as a process of its own. */
import { spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { runCli } from '../../apps/cli/src/cli.js';
import type { Screen } from '../../apps/cli/src/output.js';
import { ROOT } from './root.js';

export interface CliEnd {
  code: number | null;
  stdout: Buffer;
  /** Standard output as text. */
  text: string;
  stderr: string;
}

export interface CliOptions {
  env: Record<string, string | undefined>;
  stdin?: string;
  signal?: AbortSignal;
  /** Hears what is written to standard error, at once. */
  onStderr?(text: string): void;
  /** Makes standard error a terminal of so many columns. */
  columns?: number;
}

function sink(heard?: (text: string) => void): { stream: Writable; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(Buffer.from(chunk));
      heard?.(`${chunk}`);
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
}

/** Runs `parcelpost <args>` in this process. */
export async function cli(args: readonly string[], options: CliOptions): Promise<CliEnd> {
  const stdout = sink();
  const stderr = sink(options.onStderr);
  const screen: Screen = stderr.stream;
  if (options.columns !== undefined) Object.assign(screen, { isTTY: true, columns: options.columns });
  const code = await runCli(args, {
    env: options.env,
    stdin: Readable.from([options.stdin ?? '']),
    stdout: stdout.stream,
    stderr: screen,
    signal: options.signal ?? new AbortController().signal,
  });
  return {
    code,
    stdout: stdout.bytes(),
    text: stdout.bytes().toString('utf8'),
    stderr: stderr.bytes().toString('utf8'),
  };
}

export interface CliProcess {
  readonly ended: Promise<CliEnd>;
  /** What it has written to standard error so far. */
  stderr(): string;
  stdout(): string;
  kill(signal: NodeJS.Signals): void;
}

const BIN = `${ROOT}apps/cli/bin/parcelpost.js`;

/** Starts the built `parcelpost <args>`; `program` may run it within something else, as its last arguments. */
export function startCli(
  args: readonly string[],
  env: Record<string, string | undefined>,
  program: (words: string[]) => string[] = (words) => words,
): CliProcess {
  const [command = '', ...rest] = program([process.execPath, BIN, ...args]);
  const { PATH, TMPDIR } = process.env;
  const child = spawn(command, rest, { env: { PATH, TMPDIR, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
  const ended = new Promise<CliEnd>((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      process.off('exit', end);
      done({ code, stdout: Buffer.concat(stdout), text: text(stdout), stderr: text(stderr) });
    });
  });
  return { ended, stdout: () => text(stdout), stderr: () => text(stderr), kill: (signal) => void child.kill(signal) };
}
