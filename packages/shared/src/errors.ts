/** Errors that people are meant to read. Anything else is unknown: logged, and masked where it leaves the house. */

/** One field of a request that was refused. `pointer` is an RFC 6901 JSON Pointer into the body, or a parameter's name. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/**
 * An error that is answered as an RFC 9457 problem document.
 * `type` is the last part of the problem type's address (`/problems/<type>`).
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly headers: Record<string, string>;
  readonly errors: FieldError[] | undefined;
  /** Members of the document beside those of every problem (RFC 9457, section 3.2). */
  readonly members: Record<string, unknown>;
  constructor(
    readonly status: number,
    readonly type: string,
    readonly title: string,
    detail: string,
    extra: {
      errors?: FieldError[];
      headers?: Record<string, string>;
      members?: Record<string, unknown>;
      cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: extra.cause });
    this.errors = extra.errors;
    this.headers = extra.headers ?? {};
    this.members = extra.members ?? {};
  }
}

/** The reason of an export's failure, as it is stored, shown and handed to onFailure follow-ups. Carries no secret. */
export interface ExportFailure {
  code: string;
  message: string;
  /** `plan`, a shard's entity, the name of a file's output (`parties.csv`, `shapefiles.polygons`), or `merge`; null: none of them. */
  step: string | null;
  shard: number | null;
  attempts: number;
}

/**
 * A failure inside an export whose reason may be shown to the person who asked.
 * `permanent` says that trying again cannot help (a refused token, say).
 */
export class ExportError extends Error {
  override readonly name = 'ExportError';
  constructor(
    readonly code: string,
    message: string,
    readonly permanent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
