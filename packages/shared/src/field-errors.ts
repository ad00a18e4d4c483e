/** What a schema found wrong, as the wrong fields of a request. */
import type { z } from 'zod';
import type { FieldError } from './errors.js';

/** A place in a JSON document as a JSON Pointer (RFC 6901). */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * One entry for each wrong place.
 * @param place how a path is written (default: as a JSON Pointer)
 * @param unknown what is said of a field that the schema does not have
 */
export function fieldErrors(
  issues: readonly z.core.$ZodIssue[],
  {
    place = jsonPointer,
    unknown = 'this field is not known',
  }: { place?: (path: readonly PropertyKey[]) => string; unknown?: string } = {},
): FieldError[] {
  const errorsOf = (issue: z.core.$ZodIssue, base: readonly PropertyKey[]): FieldError[] => {
    const path = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ pointer: place([...path, key]), detail: unknown }));
    }
    // Schemas of own tasks may be of a zod that keeps the alternatives elsewhere.
    if (issue.code === 'invalid_union' && Array.isArray(issue.errors)) {
      // The alternative that the value was meant for is the one whose own type fits; its complaints are the useful ones.
      const meant = issue.errors.find(
        (branch) => !branch.some((one) => one.code === 'invalid_type' && one.path.length === 0),
      );
      if (meant && meant.length > 0) return meant.flatMap((one) => errorsOf(one, path));
      const wanted = issue.errors.flat().flatMap((one) => (one.code === 'invalid_type' ? [one.expected] : []));
      if (wanted.length > 0) {
        return [{ pointer: place(path), detail: `must be of type ${[...new Set(wanted)].join(' or ')}` }];
      }
    }
    return [{ pointer: place(path), detail: issue.message }];
  };
  return issues.flatMap((issue) => errorsOf(issue, []));
}
