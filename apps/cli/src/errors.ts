/** What ends a command otherwise than asked: with an exit code, and words that say what to do. */
import type { FieldError } from '@parcelpost/shared/errors.js';

export interface ErrorDetails {
  /** What to do about it, a line each. */
  advice?: readonly string[];
  /** Wrong fields of the request. */
  fields?: readonly FieldError[];
  /** HTTP status of the answer. */
  status?: number;
  /** Whether another try may help by itself. */
  transient?: boolean;
  /** How long the service asks to wait before it, in milliseconds. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** An error that a person is meant to read. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /**
   * @param exit one of `EXIT`
   * @param code names the kind of error for programs: the last part of a problem type, or a word of this program
   */
  constructor(
    readonly exit: number,
    readonly code: string,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
  }
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type EndingSignal = keyof typeof SIGNAL_NUMBERS;

/** Somebody ended the command: the reason with which everything under way is aborted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** 128 and the signal's number, as shells have it. */
  readonly exit: number;
  constructor(readonly signal: EndingSignal) {
    super(`interrupted by ${signal}`);
    this.exit = 128 + SIGNAL_NUMBERS[signal];
  }
}

/** Whether another try may help by itself. */
export function isTransient(error: unknown): error is CliError {
  return error instanceof CliError && error.details.transient === true;
}
