/** Numbers that stand for ids, so that millions of them can be compared in little memory. */

/** As many different hashes as a double counts without a gap. */
export const HASHES = 2 ** 53;

/**
 * A whole number below 2^53 for a text (cyrb53, after MurmurHash3's finish). Of a million texts two have the same one in
 * one of 20,000 cases: whoever would leave out a record for it looks at the id too.
 */
export function hashOf(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
