/** Checks what came in against zod schemas, and names every field that is wrong. */
import { fieldErrors, jsonPointer } from '@parcelpost/shared/field-errors.js';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { invalidRequest } from './problems.js';

/**
 * Fastify's validator compiler for zod schemas. A wrong body is 422 `invalid-request` with JSON Pointers (RFC 6901);
 * a wrong parameter of query or path is 400 `invalid-parameter` with its name.
 */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (data) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const errors = fieldErrors(parsed.error.issues, { place: httpPart === 'body' ? jsonPointer : parameterName });
    return { error: invalidRequest(errors, httpPart === 'body' ? 'invalid-request' : 'invalid-parameter') };
  };
};

const parameterName = (path: readonly PropertyKey[]): string => path.map(String).join('.');
