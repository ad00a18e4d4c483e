/** Cursors of the platform API: opaque to readers; inside, the position of the last record before the page. */

/** Not before any record. */
export const LAST_POSITION = String(2n ** 63n - 1n);

/** Writes a position as a cursor. SQL writes the same, see {@link cursorSql}. */
export function encodeCursor(position: number | bigint): string {
  return Buffer.from(String(position)).toString('base64url');
}

/** SQL that writes a bigint expression as a cursor. Positions have few enough digits that base64 breaks no line. */
export function cursorSql(position: string): string {
  return `rtrim(translate(encode(convert_to((${position})::text, 'UTF8'), 'base64'), '+/', '-_'), '=')`;
}

/**
 * Reads a cursor. The empty one stands before the first record.
 * @returns the position as decimal text, or undefined if this is no cursor of ours
 */
export function decodeCursor(cursor: string): string | undefined {
  if (cursor === '') return '0';
  if (!/^[\w-]{2,26}$/.test(cursor)) return undefined;
  const position = Buffer.from(cursor, 'base64url').toString('latin1');
  return /^(0|[1-9]\d{0,17})$/.test(position) && encodeCursor(BigInt(position)) === cursor ? position : undefined;
}
