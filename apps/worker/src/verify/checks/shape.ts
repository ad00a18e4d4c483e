/** One record of a shapefile: its counts, its parts, its bounds, its rings. */

/** Of shapes; heights are infinite where there are none. */
export interface Bounds {
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
  minZ: number;
  maxZ: number;
}

export const noBounds = (): Bounds => ({
  minX: Number.POSITIVE_INFINITY,
  minY: Number.POSITIVE_INFINITY,
  maxX: Number.NEGATIVE_INFINITY,
  maxY: Number.NEGATIVE_INFINITY,
  minZ: Number.POSITIVE_INFINITY,
  maxZ: Number.NEGATIVE_INFINITY,
});

export const widened = (a: Bounds, b: Bounds): Bounds => ({
  minX: Math.min(a.minX, b.minX),
  minY: Math.min(a.minY, b.minY),
  maxX: Math.max(a.maxX, b.maxX),
  maxY: Math.max(a.maxY, b.maxY),
  minZ: Math.min(a.minZ, b.minZ),
  maxZ: Math.max(a.maxZ, b.maxZ),
});

type Tell = (code: 'shapefile-record' | 'shapefile-bounds' | 'shapefile-ring', message: string) => void;

const Z = 10;
const POINT = 1;
const POLYGON = 5;
const MULTIPOINT = 8;
const BOX = 32;

/** @returns the bounds of its points; undefined where it cannot be read */
export function checkShape(content: Buffer, shapeType: number, tell: Tell): Bounds | undefined {
  const z = shapeType > Z;
  const type = z ? shapeType - Z : shapeType;
  if (type === POINT) return checkPoint(content, z, tell);
  const isMultipoint = type === MULTIPOINT;
  const fixed = 4 + BOX + (isMultipoint ? 4 : 8);
  if (content.length < fixed) return cutOff(tell);
  const parts = isMultipoint ? 0 : content.readInt32LE(4 + BOX);
  const points = content.readInt32LE(fixed - 4);
  const first = fixed + 4 * parts;
  const heights = first + 16 * points;
  const end = heights + (z ? 16 + 8 * points : 0);
  const measured = end + 16 + 8 * points;
  if (parts < 0 || points < 0 || (content.length !== end && !(z && content.length === measured))) {
    tell('shapefile-record', `${parts} parts and ${points} points do not make its ${content.length} bytes`);
    return undefined;
  }
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const bounds = noBounds();
  for (let i = 0; i < points; i++) {
    const x = view.getFloat64(first + 16 * i, true);
    const y = view.getFloat64(first + 16 * i + 8, true);
    if (!Number.isFinite(x) || !Number.isFinite(y)) tell('shapefile-record', 'a coordinate is not a finite number');
    if (x < bounds.minX) bounds.minX = x;
    if (x > bounds.maxX) bounds.maxX = x;
    if (y < bounds.minY) bounds.minY = y;
    if (y > bounds.maxY) bounds.maxY = y;
    if (!z) continue;
    const height = view.getFloat64(heights + 16 + 8 * i, true);
    if (height < bounds.minZ) bounds.minZ = height;
    if (height > bounds.maxZ) bounds.maxZ = height;
  }
  const told = (at: number) => view.getFloat64(at, true);
  const box: [string, number, number][] = [
    ['minX', told(4), bounds.minX],
    ['minY', told(12), bounds.minY],
    ['maxX', told(20), bounds.maxX],
    ['maxY', told(28), bounds.maxY],
  ];
  if (z) box.push(['minZ', told(heights), bounds.minZ], ['maxZ', told(heights + 8), bounds.maxZ]);
  for (const [name, says, is] of points > 0 ? box : []) {
    if (says !== is) tell('shapefile-bounds', `it says ${name} ${says}, but its points come to ${is}`);
  }
  if (!isMultipoint) checkParts(view, { type, parts, points, fixed, first }, tell);
  return bounds;
}

function checkPoint(content: Buffer, z: boolean, tell: Tell): Bounds | undefined {
  const length = z ? 36 : 20;
  if (content.length !== length && !(z && content.length === 28)) return cutOff(tell);
  const [x, y] = [content.readDoubleLE(4), content.readDoubleLE(12)];
  const heights = z ? [content.readDoubleLE(20)] : [];
  if (![x, y, ...heights].every(Number.isFinite)) tell('shapefile-record', 'a coordinate is not a finite number');
  return { minX: x, minY: y, maxX: x, maxY: y, minZ: Math.min(...heights), maxZ: Math.max(...heights) };
}

function cutOff(tell: Tell): undefined {
  tell('shapefile-record', 'it is not as long as its shape needs');
}

interface Layout {
  type: number;
  parts: number;
  points: number;
  /** Where the parts, and the points, begin. */
  fixed: number;
  first: number;
}

function checkParts(view: DataView, { type, parts, points, fixed, first }: Layout, tell: Tell): void {
  for (let part = 0; part < parts; part++) {
    const start = view.getInt32(fixed + 4 * part, true);
    const end = part + 1 < parts ? view.getInt32(fixed + 4 * part + 4, true) : points;
    if ((part === 0 && start !== 0) || start < 0 || end <= start || end > points) {
      tell('shapefile-record', `part ${part + 1} is said to have the points ${start} to ${end}`);
      return;
    }
    if (type !== POLYGON) {
      if (end - start < 2) tell('shapefile-record', `part ${part + 1} is a line of one point`);
      continue;
    }
    const [a, b] = [first + 16 * start, first + 16 * (end - 1)];
    const isClosed =
      view.getFloat64(a, true) === view.getFloat64(b, true) &&
      view.getFloat64(a + 8, true) === view.getFloat64(b + 8, true);
    if (!isClosed) tell('shapefile-ring', `ring ${part + 1} is not closed`);
    if (end - start < 4) tell('shapefile-ring', `ring ${part + 1} has ${end - start} points`);
    else if (part === 0 && isCounterClockwise(view, first, start, end)) {
      tell('shapefile-ring', 'its outer ring runs counter-clockwise, as holes do');
    }
  }
}

/** Only where there is no doubt: a ring that encloses next to nothing has no direction worth the word. */
function isCounterClockwise(view: DataView, first: number, start: number, end: number): boolean {
  const x = (i: number) => view.getFloat64(first + 16 * i, true);
  const y = (i: number) => view.getFloat64(first + 16 * i + 8, true);
  const [x0, y0] = [x(start), y(start)];
  let area = 0;
  let size = 0;
  for (let i = start; i + 1 < end; i++) {
    const product = (x(i) - x0) * (y(i + 1) - y0);
    const other = (x(i + 1) - x0) * (y(i) - y0);
    area += product - other;
    size += Math.abs(product) + Math.abs(other);
  }
  return Number.isFinite(size) && area > size * 1e-9;
}
