/** What a small map is drawn from, in browsers and here. */

/**
 * The locations of a project on a grid, bounded in size whatever the project. Numbers are cells, eastward and northward from the
 * corner; a line is its first vertex and then the way from each to the next: x, y, dx, dy, dx, dy …
 */
export interface MapData {
  /** Of this format. */
  version: 1;
  /** The south-western corner, in degrees. */
  west: number;
  south: number;
  /** Degrees of a cell. */
  cell: number;
  /** Cells from west to east, and from south to north; 0 where there is nothing to draw. */
  width: number;
  height: number;
  /** Polygons as their rings, the outer one first; the last vertex, which is the first, is left out. */
  polygons: number[][][];
  lines: number[][];
  /** What is as small as a cell: runs of neighbouring cells with as many shapes in each, as dx, dy, shapes, cells. */
  cells: number[];
  /** Degrees by which a vertex is off at most. */
  tolerance: number;
  /** Locations: that have something to draw, that have no geometry, and whose geometry cannot be drawn. */
  drawn: number;
  empty: number;
  undrawable: number;
}

/** Writes lines down as {@link MapData} has them, from the corner `x`, `y`. */
export function fromCorner(line: readonly number[], x: number, y: number): number[] {
  let before = [x, y];
  const steps: number[] = [];
  for (let index = 0; index < line.length; index += 2) {
    const here = [line[index] as number, line[index + 1] as number];
    steps.push(...here.map((value, axis) => value - (before[axis] as number)));
    before = here;
  }
  return steps;
}

/** One cell as a number, by which cells are sorted: from south to north, and from west to east. */
export const cellKey = (x: number, y: number): number => y * ROW + x;

/** More cells than there are in a row, also where the world is cut open elsewhere than at 180°. */
const ROW = 2 ** 28;

/**
 * Writes cells down as {@link MapData} has them, from the corner `x`, `y`.
 * @param keys of the cells; they are sorted
 * @param shapesIn the number of shapes in a cell
 */
export function cellRuns(
  keys: Float64Array,
  shapesIn: (x: number, y: number) => number,
  { x, y }: { x: number; y: number },
): number[] {
  keys.sort();
  const runs: number[] = [];
  let before = { x, y };
  let run: { x: number; y: number; shapes: number; cells: number } | undefined;
  const write = () => {
    if (!run) return;
    runs.push(run.x - before.x, run.y - before.y, run.shapes, run.cells);
    before = run;
  };
  for (const key of keys) {
    const at = { x: key % ROW, y: Math.floor(key / ROW) };
    const shapes = shapesIn(at.x, at.y);
    if (run && run.y === at.y && run.x + run.cells === at.x && run.shapes === shapes) {
      run.cells += 1;
    } else {
      write();
      run = { ...at, shapes, cells: 1 };
    }
  }
  write();
  return runs;
}
