/** What lines lie in, and where the world is best cut open to show them. */
import { around, FINEST } from './grid.js';
import type { Line } from './shapes.js';

export interface Bounds {
  west: number;
  east: number;
  south: number;
  north: number;
  /** A cell and its neighbours, at most. */
  small: boolean;
}

/** What a line lies in. */
export function boundsOf(line: Line): Bounds {
  let [west, east, south, north] = [line[0] as number, line[0] as number, line[1] as number, line[1] as number];
  for (let index = 2; index < line.length; index += 2) {
    const x = line[index] as number;
    const y = line[index + 1] as number;
    if (x < west) west = x;
    else if (x > east) east = x;
    if (y < south) south = y;
    else if (y > north) north = y;
  }
  return { west, east, south, north, small: east - west <= 2 && north - south <= 2 };
}

/** Where the longest run of sectors ends that nothing is in: 0 if the seam of the world is in it, or there is none. */
export function cutOf(taken: Uint8Array): number {
  const { length } = taken;
  const first = taken.indexOf(1);
  if (first < 0) return 0;
  let longest = { gap: 0, cut: 0 };
  let gap = 0;
  // Once around, from a sector that is taken to the same again.
  for (let step = 1; step <= length; step += 1) {
    const sector = (first + step) % length;
    if (taken[sector] === 0) {
      gap += 1;
      continue;
    }
    const overSeam = first + step >= length && first + step - gap <= length;
    if (gap > longest.gap || (gap === longest.gap && overSeam)) longest = { gap, cut: overSeam ? 0 : sector };
    gap = 0;
  }
  return longest.cut;
}

const WORLD = around(FINEST);

/** How far apart all is that was included, on the finest level: the world cut open at 180° or at 0°, whichever shows it nearer. */
export class Span {
  readonly #atDateLine = { west: Number.POSITIVE_INFINITY, east: Number.NEGATIVE_INFINITY };
  readonly #atGreenwich = { west: Number.POSITIVE_INFINITY, east: Number.NEGATIVE_INFINITY };
  #south = Number.POSITIVE_INFINITY;
  #north = Number.NEGATIVE_INFINITY;

  include(line: Line): void {
    const { west, east, south, north } = boundsOf(line);
    widen(this.#atDateLine, west, east);
    const shift = west < WORLD / 2 ? WORLD : 0;
    widen(this.#atGreenwich, west + shift, east + shift);
    this.#south = Math.min(this.#south, south);
    this.#north = Math.max(this.#north, north);
  }

  get widest(): number {
    const width = Math.min(
      this.#atDateLine.east - this.#atDateLine.west,
      this.#atGreenwich.east - this.#atGreenwich.west,
    );
    return Math.max(0, width, this.#north - this.#south);
  }
}

function widen(span: { west: number; east: number }, west: number, east: number): void {
  span.west = Math.min(span.west, west);
  span.east = Math.max(span.east, east);
}
