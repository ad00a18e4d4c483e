/** Every error leaves as a problem document (RFC 9457); what is unknown is logged and masked. */
import { databaseIsAway } from '@parcelpost/shared/db/away.js';
import { type FieldError, ProblemError } from '@parcelpost/shared/errors.js';
import { MOST_ERRORS } from '@parcelpost/shared/field-errors.js';
import type { Logger } from '@parcelpost/shared/log.js';
import { MaskedError } from '@parcelpost/shared/tasks/errors.js';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PROBLEM_TYPES } from './problem-types.js';

export const PROBLEM_JSON = 'application/problem+json';

export const problemSchema = z.object({
  type: z.url().describe('Names the kind of problem; its page says what to do'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().describe('urn:uuid of the request, under which it is logged'),
  errors: z
    .array(z.object({ pointer: z.string(), detail: z.string() }))
    .optional()
    .describe('Each wrong field: a JSON Pointer into the body (RFC 6901), or the name of a parameter'),
  limit: z
    .object({
      name: z.enum([
        'person-in-flight',
        'person-per-hour',
        'project-in-flight',
        'project-per-hour',
        'person-uploads',
        'person-upload-mb',
      ]),
      most: z.int(),
      current: z.int(),
      retryAt: z.iso.datetime(),
    })
    .optional()
    .describe(
      'Of `too-many-exports` and `too-many-uploads`: the limit, how many there may be and are, and when to try again',
    ),
  quota: z
    .object({
      most: z.int(),
      bundles: z.int(),
      uploads: z.int(),
      inFlight: z.int(),
      wanted: z.int().describe('What the request is expected to add'),
      largest: z.array(z.object({ exportId: z.uuid(), bytes: z.int(), pinned: z.boolean() })),
    })
    .optional()
    .describe('Of `project-over-quota`: the bytes that the project may have and has, and its largest bundles'),
  expired: z
    .object({
      exportId: z.uuid(),
      at: z.iso.datetime().nullable().describe('When the files expired'),
      page: z.url(),
      again: z.object({ method: z.literal('POST'), url: z.url(), body: z.looseObject({}) }),
    })
    .optional()
    .describe('Of `export-expired`: what expired, when, and the request that asks for a new one'),
});
/** The body of a problem document. */
export type ProblemDocument = z.output<typeof problemSchema>;

export function problemDocument(problem: ProblemError, publicUrl: string, requestId: string): ProblemDocument {
  return {
    type: new URL(`/problems/${problem.type}`, publicUrl).href,
    title: problem.title,
    status: problem.status,
    detail: problem.message,
    instance: `urn:uuid:${requestId}`,
    ...(problem.errors && { errors: problem.errors }),
    ...problem.members,
  };
}

/** A problem by the type's own status and title. */
export function problem(
  type: keyof typeof PROBLEM_TYPES,
  detail: string,
  extra: ConstructorParameters<typeof ProblemError>[4] = {},
): ProblemError {
  const { status, title } = PROBLEM_TYPES[type];
  return new ProblemError(status, type, title, detail, extra);
}

/** Wrong fields that the text of a problem names; all of them are in its list. */
const MOST_IN_TEXT = 5;

/**
 * 422 `invalid-request`: what is wrong with each field of a body, of the first {@link MOST_ERRORS} fields that are.
 * @param type 400 `invalid-parameter` for fields of a query or a path
 */
export function invalidRequest(
  wrong: readonly FieldError[],
  type: 'invalid-request' | 'invalid-parameter' = 'invalid-request',
): ProblemError {
  const errors = wrong.slice(0, MOST_ERRORS);
  const named = errors.slice(0, MOST_IN_TEXT).map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`);
  const more = errors.length > named.length ? '; and more, see errors' : '';
  return problem(type, `${named.join('; ')}${more}`, { errors });
}

/** Fastify's own refusals, by code. */
const FRAMEWORK: Record<string, [keyof typeof PROBLEM_TYPES, string]> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid-json', 'The body is not valid JSON (RFC 8259).'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid-json', 'The body is empty; send a JSON object.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad-request', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'The body is larger than this service takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported-media-type',
    'Send the body as application/json; a file as its own media type, or none.',
  ],
  FST_ERR_BAD_URL: ['path-malformed', 'The percent-encoding of the path is broken.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'A part of this path is longer than anything that exists here.'],
};

/** Seconds after which a database that was away, or busy, may be asked again. */
const AGAIN_SECONDS = 5;

/** Reads any thrown value as a problem. An unknown one becomes `internal-error`, which says nothing of it. */
function asProblem(error: unknown, requestId: string): ProblemError {
  if (error instanceof ProblemError) return error;
  const { code = '', statusCode } = error as Partial<FastifyError>;
  const known = FRAMEWORK[code];
  if (known) return problem(...known, { cause: error });
  if (databaseIsAway(error)) {
    const headers = { 'retry-after': String(AGAIN_SECONDS) };
    return problem('not-ready', 'The database did not answer in time. Try again in a moment.', {
      headers,
      cause: error,
    });
  }
  // JSON that would set a prototype, and the like: the framework's own, with a status but without a code.
  if (statusCode === 400) return problem('invalid-json', 'The body is not acceptable JSON.', { cause: error });
  if (statusCode !== undefined && statusCode > 400 && statusCode < 500) {
    return problem('bad-request', 'This request is not one that the service can answer.', { cause: error });
  }
  // A task that fails of what nobody foresaw is logged where it ran.
  const logged = error instanceof MaskedError ? `under reference ${error.reference}` : `as request ${requestId}`;
  return problem('internal-error', `Something went wrong here. It is logged ${logged}; try again later.`, {
    cause: error,
  });
}

/** What an error is answered with in a place of a larger answer; what is our own fault is logged. */
export function answerOf(
  error: unknown,
  publicUrl: string,
  requestId: string,
  log: Pick<Logger, 'error'>,
): ProblemDocument {
  const answer = asProblem(error, requestId);
  if (answer.status >= 500) log.error({ err: answer.cause ?? answer, requestId }, answer.title);
  return problemDocument(answer, publicUrl, requestId);
}

/** Reads an error as a problem, and logs what is our own fault. */
export function readProblem(error: unknown, request: FastifyRequest): ProblemError {
  const answer = asProblem(error, request.id);
  if (answer.status >= 500) request.log.error({ err: answer.cause ?? answer }, answer.title);
  return answer;
}

/** Answers with a problem document, and logs what is our own fault. */
export function sendProblem(publicUrl: string, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const answer = readProblem(error, request);
  reply
    .code(answer.status)
    .headers({ ...answer.headers, 'cache-control': 'no-store' })
    .type(PROBLEM_JSON)
    .send(Buffer.from(JSON.stringify(problemDocument(answer, publicUrl, request.id))));
}
