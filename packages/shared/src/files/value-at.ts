/**
 * The value at a place of a JSON document (RFC 6901, section 4).
 * @param pointer a JSON Pointer: empty for the whole document, else `/a/0/b`
 * @returns undefined where there is nothing
 */
export function valueAt(document: unknown, pointer: string): unknown {
  const parts = pointer.split('/').slice(1);
  return parts.reduce<unknown>((value, part) => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  }, document);
}
