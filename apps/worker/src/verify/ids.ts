/** Sets of identifiers, small enough for millions of them. */

const EMPTY = 0;

/**
 * A set of texts by their fingerprints of 64 bits: 16 bytes a text or so, whatever its length. Among a million texts two
 * that differ have the same fingerprint once in 37 million sets.
 */
export class IdSet {
  #high = new Uint32Array(1024);
  #low = new Uint32Array(1024);
  size = 0;

  /** @returns whether it was not there before */
  add(text: Uint8Array): boolean {
    if (this.size * 2 >= this.#low.length) this.#grow();
    const [high, low] = fingerprint(text);
    return this.#put(high, low);
  }

  has(text: Uint8Array): boolean {
    const [high, low] = fingerprint(text);
    return this.#low[this.#placeOf(high, low)] !== EMPTY;
  }

  #put(high: number, low: number): boolean {
    const place = this.#placeOf(high, low);
    if (this.#low[place] !== EMPTY) return false;
    this.#high[place] = high;
    this.#low[place] = low;
    this.size++;
    return true;
  }

  /** Where it is, or where it would be put. */
  #placeOf(high: number, low: number): number {
    const mask = this.#low.length - 1;
    let place = (low ^ (high >>> 7)) & mask;
    while (this.#low[place] !== EMPTY && (this.#low[place] !== low || this.#high[place] !== high)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  #grow(): void {
    const [highs, lows] = [this.#high, this.#low];
    this.#high = new Uint32Array(lows.length * 2);
    this.#low = new Uint32Array(lows.length * 2);
    this.size = 0;
    for (let i = 0; i < lows.length; i++) if (lows[i] !== EMPTY) this.#put(highs[i] as number, lows[i] as number);
  }
}

/** Two multiplicative hashes that are mixed at the end (as cyrb53 does, all 64 bits kept). */
function fingerprint(text: Uint8Array): [high: number, low: number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] as number;
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return [b >>> 0, a >>> 0 || 1];
}
