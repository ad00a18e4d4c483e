/** Names of a table's fields: ten bytes are all that dBase has for one. */
import { lazily } from '@parcelpost/shared/lazily.js';

const MOST_BYTES = 10;

/** Neither letter, mark, digit nor underscore, in any script. */
const OTHER = /[^\p{L}\p{M}\p{N}_]+/gu;

const graphemes = lazily(() => new Intl.Segmenter('en', { granularity: 'grapheme' }));

/**
 * A field name for each name, in their order: in Unicode's composed form (NFC), what is no letter or digit an underscore,
 * cut to ten bytes of UTF-8 between characters as people see them, and made unique, upper and lower case alike, by a number
 * at its end.
 * @param reserved names that are taken already
 */
export function fieldNames(names: readonly string[], reserved: readonly string[]): string[] {
  const taken = new Set(reserved.map(folded));
  return names.map((name) => {
    const plain = normalised(name);
    let unique = cut(plain, MOST_BYTES);
    for (let count = 1; taken.has(folded(unique)); count++) {
      const suffix = `_${count}`;
      unique = cut(plain, MOST_BYTES - suffix.length) + suffix;
    }
    taken.add(folded(unique));
    return unique;
  });
}

function normalised(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(OTHER, '_')
    .replace(/^_+|_+$/g, '');
  return plain === '' ? 'field' : plain;
}

/** The longest beginning that takes no more than so many bytes; of a character that alone takes more, its first part. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const whole = beginning(
    [...graphemes().segment(text)].map(({ segment }) => segment),
    bytes,
  );
  return whole === '' ? beginning([...text], bytes) : whole;
}

function beginning(parts: readonly string[], bytes: number): string {
  let out = '';
  let left = bytes;
  for (const part of parts) {
    left -= Buffer.byteLength(part);
    if (left < 0) break;
    out += part;
  }
  return out;
}

/** Programs take names that differ in case alone for the same. */
const folded = (name: string) => name.toLowerCase().toUpperCase();
