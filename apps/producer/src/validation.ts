/** Checks what came in against zod schemas, and names every field that is wrong. */
import type { FieldError } from '@parcelpost/shared/errors.js';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { problem } from './problems.js';

/**
 * Fastify's validator compiler for zod schemas. A wrong body is 422 `invalid-request` with JSON Pointers (RFC 6901);
 * a wrong parameter of query or path is 400 `invalid-parameter` with its name.
 */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (data) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const errors = fieldErrors(parsed.error.issues, httpPart === 'body');
    const detail = errors.map((error) => `${error.pointer || 'the body'}: ${error.detail}`).join('; ');
    return { error: problem(httpPart === 'body' ? 'invalid-request' : 'invalid-parameter', detail, { errors }) };
  };
};

/** One entry for each wrong place. `asPointer`: places are JSON Pointers; else names of parameters. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[], asPointer: boolean): FieldError[] {
  const place = (path: readonly PropertyKey[]) =>
    asPointer
      ? path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
      : path.map(String).join('.');
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: place([...issue.path, key]), detail: 'this field is not known' }))
      : [{ pointer: place(issue.path), detail: issue.message }],
  );
}
