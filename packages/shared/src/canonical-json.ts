/** JSON that has one way to be written, so that equal values have equal texts: RFC 8785. */

/** Deeper values are none of ours; without a limit a hostile one would use up the stack. */
const DEEPEST = 256;

/**
 * Writes a JSON value as RFC 8785 does: keys sorted by their UTF-16 code units, no white space, numbers and texts as
 * ECMAScript writes them. A value that went through `jsonb` and back is written as before. Members that are `undefined`
 * are left out.
 * @throws {TypeError} if the value is not JSON: a number that is not finite, a function, a value nested more than 256 deep
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (depth > DEEPEST) throw new TypeError(`nested more than ${DEEPEST} deep`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${write(member, depth + 1)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`not JSON: ${typeof value}`);
}
