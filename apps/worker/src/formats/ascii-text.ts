/** Long texts of numbers and signs, as those of geometries: made in bytes, since most of their time is in the numbers. */

/** Numbers up to here have at most eight digits before the point. */
const LARGE = 1e8;
/** Numbers below this one have an exponent in JavaScript. */
const SMALL = 1e-6;
/** Decimals that coordinates of most surveys have at most: a centimetre. */
const DECIMALS = 7;
const SCALE = 10 ** DECIMALS;
/** More than any number takes: sign, 21 digits, point, exponent. */
const NUMBER_BYTES = 32;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** The digits of 0000, 0001 and so on, one after the other. */
const FOUR_DIGITS = Buffer.from(Array.from({ length: 10_000 }, (_, i) => `${i}`.padStart(4, '0')).join(''), 'latin1');

/** A text of ASCII that grows. One after the other is made in the same memory. */
export class AsciiText {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  /** Appends one character by its code. */
  sign(code: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = code;
  }

  append(text: string): void {
    if (this.#length + text.length > this.#bytes.length) this.#grow(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /**
   * Appends a number as JavaScript writes it: the fewest digits that read back as the same double.
   *
   * A double that is the nearest one to a decimal of at most 15 digits is nearest to no other such decimal, so that those
   * digits, without zeros at their end, are the fewest: they are found by one division, at a tenth of the general time.
   */
  number(value: number): void {
    const size = Math.abs(value);
    const scaled = Math.round(size * SCALE);
    if (size >= LARGE || size < SMALL || scaled / SCALE !== size) {
      this.append(`${value}`);
      return;
    }
    if (this.#length + NUMBER_BYTES > this.#bytes.length) this.#grow(NUMBER_BYTES);
    const bytes = this.#bytes;
    let at = this.#length;
    if (value < 0) bytes[at++] = MINUS;
    const whole = Math.floor(size);
    let digits = 1;
    for (let limit = 10; whole >= limit; limit *= 10) digits++;
    at += digits;
    for (let left = whole, place = at - 1; digits > 0; digits--, place--) {
      const tenth = (left / 10) | 0;
      bytes[place] = ZERO + left - 10 * tenth;
      left = tenth;
    }
    const rest = scaled - whole * SCALE;
    if (rest > 0) {
      const first = (rest / 10_000) | 0;
      const last = 4 * (rest - 10_000 * first);
      bytes[at] = POINT;
      bytes[at + 1] = FOUR_DIGITS[4 * first + 1] as number;
      bytes[at + 2] = FOUR_DIGITS[4 * first + 2] as number;
      bytes[at + 3] = FOUR_DIGITS[4 * first + 3] as number;
      bytes[at + 4] = FOUR_DIGITS[last] as number;
      bytes[at + 5] = FOUR_DIGITS[last + 1] as number;
      bytes[at + 6] = FOUR_DIGITS[last + 2] as number;
      bytes[at + 7] = FOUR_DIGITS[last + 3] as number;
      at += 1 + DECIMALS;
      while (bytes[at - 1] === ZERO) at--;
    }
    this.#length = at;
  }

  toString(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }

  #grow(count: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + count));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
