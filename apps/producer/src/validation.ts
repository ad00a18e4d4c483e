/** Checks what came in against zod schemas, and names every field that is wrong. */
import { fieldErrors, jsonPointer } from '@parcelpost/shared/field-errors.js';
import { isStorable, storableText } from '@parcelpost/shared/storable-text.js';
import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { invalidRequest } from './problems.js';

/** Of a parameter's name that is told. */
const NAME_CHARACTERS = 100;

const UNSTORABLE = 'holds NUL, or half of a character (a lone surrogate); leave it out';

/** A text that is looked up as it stands. */
export const lookedUp = z.string().refine(isStorable, UNSTORABLE);

/**
 * Fastify's validator compiler for zod schemas. A wrong body is 422 `invalid-request` with JSON Pointers (RFC 6901);
 * a wrong parameter of query or path is 400 `invalid-parameter` with its name.
 */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (data) => {
    if (httpPart === 'querystring') refuseUnstorable(data);
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const errors = fieldErrors(parsed.error.issues, { place: httpPart === 'body' ? jsonPointer : parameterName });
    return { error: invalidRequest(errors, httpPart === 'body' ? 'invalid-request' : 'invalid-parameter') };
  };
};

/**
 * Refuses parameters of a query, or fields of a form, that hold what no database takes: NUL, or half a character.
 * @param fields an object of texts; anything else passes
 * @throws {ProblemError} 400 `invalid-parameter`, naming each
 */
export function refuseUnstorable(fields: unknown): void {
  const wrong = Object.entries(fields ?? {}).filter(([, value]) => typeof value === 'string' && !isStorable(value));
  if (wrong.length === 0) return;
  const errors = wrong.map(([name]) => ({ pointer: storableText(name, NAME_CHARACTERS), detail: UNSTORABLE }));
  throw invalidRequest(errors, 'invalid-parameter');
}

const parameterName = (path: readonly PropertyKey[]): string => path.map(String).join('.');
