/** Gathers locations into a drawing of bounded size, in one pass: what grows too large is redrawn on a coarser grid. */

import { boundsOf, cutOf, Span } from './bounds.js';
import { around, cellSize, FINEST } from './grid.js';
import { cellKey, cellRuns, fromCorner, type MapData } from './map-data.js';
import { type Line, type Shape, shapesOf, UndrawableError } from './shapes.js';
import { thin } from './thin.js';

/** What a drawing may cost, in bytes of compressed JSON, where nothing in it is like anything else. */
const MOST_BYTES = 290_000;
const VERTEX_BYTES = 3;
const CELL_BYTES = 2.6;
/** Cells across the whole: a screen has no more, and people look closer at a part of it. */
const MOST_ACROSS = 4096;
/** How far a vertex is off at most: a cell's diagonal, and what {@link thin} leaves out at this level and all finer ones. */
const TOLERANCE_CELLS = Math.SQRT2 + 2;
/** How far {@link thin} may go, in cells. */
const THINNED_CELLS = 1;
/** Parts of the world that are looked at for the place where it is best cut open. */
const SECTORS = 1024;

/** The key of a cell holds both its numbers, which are below 2^26. */
const ROW = 2 ** FINEST;

export class Collector {
  #level = FINEST;
  #finestPerCell = 1;
  #polygons: Line[][] = [];
  #lines: Line[] = [];
  #cells = new Map<number, number>();
  #vertices = 0;
  #drawn = 0;
  #empty = 0;
  #undrawable = 0;
  readonly #span = new Span();

  /** Adds a location: its geometry, as GeoJSON has it; null if it has none. What cannot be drawn is counted. */
  add(geometry: unknown): void {
    if (geometry === null || geometry === undefined) {
      this.#empty += 1;
      return;
    }
    try {
      const shapes = shapesOf(geometry);
      if (shapes.length === 0) this.#empty += 1;
      else this.#drawn += 1;
      for (const shape of shapes) this.#add(shape);
    } catch (error) {
      if (!(error instanceof UndrawableError)) throw error;
      this.#undrawable += 1;
    }
    while (this.#vertices * VERTEX_BYTES + this.#cells.size * CELL_BYTES > MOST_BYTES) this.#coarsen();
    // Early, while there is little to redraw.
    while (this.#floor(this.#span.widest) >= MOST_ACROSS) this.#coarsen();
  }

  /** What was gathered. The collector is not to be used any more. */
  finish(): MapData {
    let frame = this.#frame();
    while (Math.max(frame.east - frame.west, frame.north - frame.south) >= MOST_ACROSS) {
      this.#coarsen();
      frame = this.#frame();
    }
    const cell = cellSize(this.#level);
    const { west, south } = frame;
    return {
      version: 1,
      west: west * cell - 180,
      south: south * cell - 90,
      cell,
      width: this.#drawn === 0 ? 0 : frame.east - west + 1,
      height: this.#drawn === 0 ? 0 : frame.north - south + 1,
      polygons: this.#polygons.map((rings) => {
        const shift = this.#shift(rings[0] as Line, frame.cut);
        return rings.map((ring) => fromCorner(ring.slice(0, -2), west - shift, south));
      }),
      lines: this.#lines.map((line) => fromCorner(line, west - this.#shift(line, frame.cut), south)),
      cells: this.#runs(frame),
      tolerance: TOLERANCE_CELLS * cell,
      drawn: this.#drawn,
      empty: this.#empty,
      undrawable: this.#undrawable,
    };
  }

  #runs({ cut, west, south }: { cut: number; west: number; south: number }): number[] {
    const world = around(this.#level);
    const keys = new Float64Array(this.#cells.size);
    let index = 0;
    for (const key of this.#cells.keys()) {
      const x = Math.floor(key / ROW);
      keys[index++] = cellKey(x < cut ? x + world : x, key % ROW);
    }
    return cellRuns(keys, (x, y) => this.#cells.get((x % world) * ROW + y) ?? 0, { x: west, y: south });
  }

  #add(shape: Shape): void {
    if (shape.kind === 'point') {
      this.#span.include([shape.x, shape.y]);
      this.#addCell(this.#floor(shape.x), this.#floor(shape.y), 1);
    } else if (shape.kind === 'line') {
      this.#span.include(shape.line);
      this.#addLine(this.#onGrid(shape.line));
    } else {
      this.#span.include(shape.rings[0] as Line);
      this.#addPolygon(shape.rings.map((ring) => this.#onGrid(ring)));
    }
  }

  #floor(fine: number): number {
    return Math.floor(fine / this.#finestPerCell);
  }

  /** A line on the grid of this level, without what it does not need there. */
  #onGrid(line: Line): Line {
    const cells: number[] = [];
    for (let index = 0; index < line.length; index += 2) {
      const x = this.#floor(line[index] as number);
      const y = this.#floor(line[index + 1] as number);
      if (cells.at(-2) !== x || cells.at(-1) !== y) cells.push(x, y);
    }
    return thin(cells, THINNED_CELLS);
  }

  #addCell(x: number, y: number, shapes: number): void {
    const world = around(this.#level);
    const key = (x % world) * ROW + y;
    this.#cells.set(key, (this.#cells.get(key) ?? 0) + shapes);
  }

  #addLine(line: Line): void {
    const { west, east, south, north, small } = boundsOf(line);
    if (small) {
      this.#addCell(Math.floor((west + east) / 2), Math.floor((south + north) / 2), 1);
    } else {
      this.#lines.push(line);
      this.#vertices += line.length / 2;
    }
  }

  #addPolygon([outer, ...holes]: Line[]): void {
    if (outer === undefined) return;
    // There and back again is no area any more.
    if (outer.length < 8 || boundsOf(outer).small) {
      this.#addLine(outer.length < 8 ? outer.slice(0, 4) : outer);
      return;
    }
    const rings = [outer, ...holes.filter((hole) => hole.length >= 8 && !boundsOf(hole).small)];
    this.#polygons.push(rings);
    for (const ring of rings) this.#vertices += ring.length / 2;
  }

  /** Goes to the next coarser level, with all that is here. */
  #coarsen(): void {
    const [polygons, lines, cells] = [this.#polygons, this.#lines, this.#cells];
    this.#polygons = [];
    this.#lines = [];
    this.#cells = new Map();
    this.#vertices = 0;
    this.#level -= 1;
    this.#finestPerCell *= 2;
    for (const rings of polygons) this.#addPolygon(rings.map(halved));
    for (const line of lines) this.#addLine(halved(line));
    for (const [key, shapes] of cells) this.#addCell(Math.floor(key / ROW / 2), Math.floor((key % ROW) / 2), shapes);
  }

  /**
   * What all lies in, in cells. The world is cut open at `cut`, in the widest part of it that holds nothing; at 180° where that
   * is as good.
   */
  #frame(): { cut: number; west: number; east: number; south: number; north: number } {
    const world = around(this.#level);
    const sectors = Math.min(SECTORS, world);
    const width = world / sectors;
    const taken = new Uint8Array(sectors);
    const take = (west: number, east: number) => {
      for (let sector = Math.floor(west / width); sector <= Math.min(east / width, sectors * 2); sector += 1) {
        taken[sector % sectors] = 1;
      }
    };
    const outlines = [...this.#polygons.map(([outer]) => outer as Line), ...this.#lines];
    for (const line of outlines) {
      const { west, east } = boundsOf(line);
      take(west, east);
    }
    for (const key of this.#cells.keys()) take(Math.floor(key / ROW), Math.floor(key / ROW));
    const cut = cutOf(taken) * width;

    const frame = { cut, west: world * 2, east: 0, south: world, north: 0 };
    const include = (west: number, east: number, south: number, north: number) => {
      frame.west = Math.min(frame.west, west);
      frame.east = Math.max(frame.east, east);
      frame.south = Math.min(frame.south, south);
      frame.north = Math.max(frame.north, north);
    };
    for (const line of outlines) {
      const { west, east, south, north } = boundsOf(line);
      const shift = this.#shift(line, cut);
      include(west + shift, east + shift, south, north);
    }
    for (const key of this.#cells.keys()) {
      const x = Math.floor(key / ROW);
      const east = x < cut ? x + world : x;
      include(east, east, key % ROW, key % ROW);
    }
    return outlines.length + this.#cells.size === 0 ? { cut: 0, west: 0, east: 0, south: 0, north: 0 } : frame;
  }

  /** By how much a line is moved, the world being cut open at `cut`. */
  #shift(line: Line, cut: number): number {
    return boundsOf(line).west < cut ? around(this.#level) : 0;
  }
}

/** A line on the next coarser grid. */
function halved(line: Line): Line {
  const cells: number[] = [];
  for (let index = 0; index < line.length; index += 2) {
    const x = Math.floor((line[index] as number) / 2);
    const y = Math.floor((line[index + 1] as number) / 2);
    if (cells.at(-2) !== x || cells.at(-1) !== y) cells.push(x, y);
  }
  return thin(cells, THINNED_CELLS);
}
