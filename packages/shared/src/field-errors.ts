/** What a schema found wrong, as the wrong fields of a request. */
import type { z } from 'zod';
import type { FieldError } from './errors.js';

/** A place in a JSON document as a JSON Pointer (RFC 6901). */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Wrong fields that are named at most, and characters of a pointer and of what is said of it. */
export const MOST_ERRORS = 100;
const LONGEST_POINTER = 1000;
const LONGEST_DETAIL = 1000;

/**
 * One entry for each wrong place, at most {@link MOST_ERRORS}: whoever has more wrong learns of the rest next time, and no
 * body draws an answer many times its own size.
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
      return issue.keys.slice(0, MOST_ERRORS).map((key) => ({ pointer: place([...path, key]), detail: unknown }));
    }
    // Schemas of own tasks may be of a zod that keeps the alternatives elsewhere.
    if (issue.code === 'invalid_union' && Array.isArray(issue.errors)) {
      // The alternative that the value was meant for is the one whose own type fits; its complaints are the useful ones.
      const meant = issue.errors.find(
        (branch) => !branch.some((one) => one.code === 'invalid_type' && one.path.length === 0),
      );
      if (meant && meant.length > 0) return meant.slice(0, MOST_ERRORS).flatMap((one) => errorsOf(one, path));
      const wanted = issue.errors.flat().flatMap((one) => (one.code === 'invalid_type' ? [one.expected] : []));
      if (wanted.length > 0) {
        return [{ pointer: place(path), detail: `must be of type ${[...new Set(wanted)].join(' or ')}` }];
      }
    }
    return [{ pointer: place(path), detail: issue.message }];
  };
  const errors: FieldError[] = [];
  for (const issue of issues) {
    errors.push(...errorsOf(issue, []));
    if (errors.length >= MOST_ERRORS) break;
  }
  return errors.slice(0, MOST_ERRORS).map(cut);
}

/** A field whose pointer is too long to be repeated is named by what holds it. */
function cut({ pointer, detail }: FieldError): FieldError {
  const said = detail.length > LONGEST_DETAIL ? `${detail.slice(0, LONGEST_DETAIL)}…` : detail;
  if (pointer.length <= LONGEST_POINTER) return { pointer, detail: said };
  const holder = pointer.slice(0, Math.max(0, pointer.lastIndexOf('/', LONGEST_POINTER)));
  return { pointer: holder, detail: `a field in it, of a name too long to repeat: ${said}` };
}
