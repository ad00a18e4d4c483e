const REFUSED = /[\0\p{Surrogate}]/gu;

/**
 * A text that PostgreSQL takes, whatever it came from: no NUL, no half of a surrogate pair, at most `most` characters.
 */
export function storableText(text: string, most: number): string {
  return text.slice(0, most).replace(REFUSED, '\ufffd');
}

/** Whether PostgreSQL takes a text as it is. */
export function isStorable(text: string): boolean {
  return text.search(REFUSED) < 0;
}
