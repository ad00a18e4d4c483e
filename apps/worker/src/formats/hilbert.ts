/** Where boxes are along a Hilbert curve: neighbours in the plane are neighbours on it, mostly. */

const SIDE = 2 ** 16;

/**
 * The place of a box's middle, from 0 up to 2^32 - 1, on a curve that fills the extent.
 * @param box west, east, south, north; so is `extent`
 */
export function hilbert(
  [west, east, south, north]: readonly [number, number, number, number],
  extent: readonly [number, number, number, number],
): number {
  let x = cell(west / 2 + east / 2, extent[0], extent[1]);
  let y = cell(south / 2 + north / 2, extent[2], extent[3]);
  let place = 0;
  for (let half = SIDE / 2; half >= 1; half /= 2) {
    const right = (x & half) > 0 ? 1 : 0;
    const upper = (y & half) > 0 ? 1 : 0;
    place += half * half * ((3 * right) ^ upper);
    if (upper === 0) {
      if (right === 1) {
        x = SIDE - 1 - x;
        y = SIDE - 1 - y;
      }
      [x, y] = [y, x];
    }
  }
  return place;
}

function cell(value: number, low: number, high: number): number {
  return high > low ? Math.min(SIDE - 1, Math.max(0, Math.floor(((value - low) / (high - low)) * SIDE))) : 0;
}
