/**
 * Leaves vertices out of a line, in one pass whatever its shape: from a vertex that is kept, the cone of directions that pass
 * all vertices since within `most` narrows until the next vertex lies outside of it, or behind the farthest (Zhao and
 * Saalfeld, "Linear-time sleeve-fitting polyline simplification", 1997).
 * @param line x, y, x, y …
 * @param most how far a vertex that is left out may lie from the line that is left
 * @returns the vertices that are kept, the first and the last among them
 */
export function thin(line: readonly number[], most: number): number[] {
  const vertices = line.length / 2;
  if (vertices <= 2) return [...line];
  const kept = [at(line, 0), at(line, 1)];
  let anchor = 0;
  let cone: Cone | undefined;
  for (let next = 1; next < vertices; next += 1) {
    const narrower = narrow(cone, line, anchor, next, most);
    if (narrower !== undefined) {
      cone = narrower;
      continue;
    }
    anchor = next - 1;
    kept.push(at(line, 2 * anchor), at(line, 2 * anchor + 1));
    cone = narrow(undefined, line, anchor, next, most);
  }
  kept.push(at(line, line.length - 2), at(line, line.length - 1));
  return kept;
}

/** Directions around `middle`, in radians; `farthest` is how far from the anchor the vertices since have been. */
interface Cone {
  middle: number;
  low: number;
  high: number;
  farthest: number;
}

const WIDE = { middle: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, farthest: 0 };

/** The cone with one more vertex in it; undefined where no line from the anchor to that vertex passes all others. */
function narrow(
  cone: Cone | undefined,
  line: readonly number[],
  anchor: number,
  vertex: number,
  most: number,
): Cone | undefined {
  const dx = at(line, 2 * vertex) - at(line, 2 * anchor);
  const dy = at(line, 2 * vertex + 1) - at(line, 2 * anchor + 1);
  const distance = Math.hypot(dx, dy);
  const { middle, low, high, farthest } = cone ?? WIDE;
  // Behind the farthest, unless all have been near the anchor, which any direction passes.
  if (distance < farthest && farthest > most) return undefined;
  if (distance <= most) return { middle, low, high, farthest: Math.max(distance, farthest) };
  const direction = Math.atan2(dy, dx);
  const width = Math.asin(most / distance);
  if (low === Number.NEGATIVE_INFINITY) return { middle: direction, low: -width, high: width, farthest: distance };
  const turn = normal(direction - middle);
  if (turn < low || turn > high) return undefined;
  return { middle, low: Math.max(low, turn - width), high: Math.min(high, turn + width), farthest: distance };
}

/** The same angle, from -π to π. */
function normal(angle: number): number {
  if (angle > Math.PI) return angle - 2 * Math.PI;
  return angle < -Math.PI ? angle + 2 * Math.PI : angle;
}

const at = (line: readonly number[], index: number): number => line[index] as number;
