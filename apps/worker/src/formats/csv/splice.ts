/** Puts empty cells between the cells of finished CSV rows, without parsing what is in them. */
import type { ByteWriter } from '../sink.js';

const QUOTE = 0x22;
const CR = 0x0d;

/**
 * Copies CSV rows to `out`, with `inserts[i]` empty cells behind cell i of each row.
 *
 * Works on bytes and keeps each cell's bytes: in RFC 4180 a quote toggles between inside and outside (a doubled one
 * does so twice), and outside only delimiters and line ends mean anything. Rows may be cut anywhere between two chunks.
 */
export class CellSplicer {
  rows = 0;
  #cell = 0;
  #quoted = false;
  readonly #inserts: readonly number[];
  readonly #out: ByteWriter;
  readonly #delimiter: number;

  /** @param delimiter its one byte */
  constructor(inserts: readonly number[], out: ByteWriter, delimiter: number) {
    this.#inserts = inserts;
    this.#out = out;
    this.#delimiter = delimiter;
  }

  /** Takes bytes from `start` up to `end` until `out` is full; returns where it stopped. */
  push(chunk: Buffer, start: number, end: number): number {
    const out = this.#out;
    const delimiter = this.#delimiter;
    let run = start;
    let at = start;
    for (; at < end && !out.full; at++) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.#quoted = !this.#quoted;
      } else if ((byte === delimiter || byte === CR) && !this.#quoted) {
        const empty = this.#inserts[this.#cell] ?? 0;
        if (empty > 0) {
          out.appendRange(chunk, run, at);
          out.fill(delimiter, empty);
          run = at;
        }
        if (byte === CR) {
          this.#cell = 0;
          this.rows++;
        } else {
          this.#cell++;
        }
      }
    }
    out.appendRange(chunk, run, at);
    return at;
  }
}
