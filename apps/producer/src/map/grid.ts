/**
 * The grid that maps are drawn on: cells of 360° / 2^level, counted eastward from 180° W and northward from 90° S. A cell
 * of one level holds four of the next finer one, so that coarser numbers come of finer ones by halving.
 */

/** The finest level: cells of 0.6 m at the equator, and numbers of cells that a double holds for both axes at once. */
export const FINEST = 26;

/** Degrees of one cell of a level. */
export const cellSize = (level: number): number => 360 / 2 ** level;

/** Cells around the world at a level. */
export const around = (level: number): number => 2 ** level;

const FINEST_DEGREES = cellSize(FINEST);

/** A longitude in cells of the finest level, not rounded; 180° W is 0. */
export const eastward = (longitude: number): number => (longitude + 180) / FINEST_DEGREES;

/** A latitude in cells of the finest level, not rounded; the South Pole is 0. */
export const northward = (latitude: number): number => (latitude + 90) / FINEST_DEGREES;
