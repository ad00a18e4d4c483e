import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Collector } from './collector.js';
import type { MapData } from './map-data.js';
import { mapSvg } from './map-svg.js';

const draw = (geometries: Iterable<unknown>): MapData => {
  const collector = new Collector();
  for (const geometry of geometries) collector.add(geometry);
  return collector.finish();
};

/** The vertices of a line of the map, in degrees: the middle of their cells. */
function degrees(line: readonly number[], { west, south, cell }: MapData): [number, number][] {
  let [x, y] = [0, 0];
  return Array.from({ length: line.length / 2 }, (_, index): [number, number] => {
    x += line[2 * index] as number;
    y += line[2 * index + 1] as number;
    return [west + (x + 0.5) * cell, south + (y + 0.5) * cell];
  });
}

/** The cells, each with its middle in degrees and the shapes in it. */
function cellsOf({ cells, west, south, cell }: MapData): { at: [number, number]; shapes: number }[] {
  let [x, y] = [0, 0];
  return Array.from({ length: cells.length / 4 }).flatMap((_, index) => {
    const [dx = 0, dy = 0, shapes = 0, run = 0] = cells.slice(4 * index, 4 * index + 4);
    x += dx;
    y += dy;
    return Array.from({ length: run }, (_, step) => ({
      at: [west + (x + step + 0.5) * cell, south + (y + 0.5) * cell] as [number, number],
      shapes,
    }));
  });
}

const point = (x: number, y: number) => ({ type: 'Point', coordinates: [x, y] });
const square = (x: number, y: number, side: number) => ({
  type: 'Polygon',
  coordinates: [
    [
      [x, y],
      [x + side, y],
      [x + side, y + side],
      [x, y + side],
      [x, y],
    ],
  ],
});

/** Numbers between 0 and 1, always the same. */
function* numbers(): Generator<number, never> {
  for (let state = 1; ; ) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

describe('the drawing of a project', () => {
  it('has nothing of an empty project', () => {
    expect(draw([])).toMatchObject({ width: 0, height: 0, polygons: [], lines: [], cells: [], drawn: 0 });
    expect(mapSvg(draw([]))).toContain('</svg>');
  });

  it('counts what has no geometry, what is empty, and what nobody can draw', () => {
    const { drawn, empty, undrawable } = draw([
      null,
      { type: 'Polygon', coordinates: [] },
      { type: 'GeometryCollection', geometries: [] },
      { type: 'Point', coordinates: [451_000, 5_120_000] },
      { type: 'Circle', coordinates: [1, 2] },
      { type: 'Point', coordinates: ['1', null] },
      { type: 'Polygon', coordinates: 7 },
      'POINT (1 2)',
      point(1, 2),
    ]);
    expect({ drawn, empty, undrawable }).toEqual({ drawn: 1, empty: 3, undrawable: 5 });
  });

  it('has each vertex where it was, but for its tolerance, and no vertex nowhere near', () => {
    const ring = Array.from({ length: 400 }, (_, index): [number, number] => {
      const angle = (index / 400) * 2 * Math.PI;
      return [-60 + Math.cos(angle) * (1 + 0.2 * Math.sin(9 * angle)), -20 + Math.sin(angle)];
    });
    const map = draw([{ type: 'Polygon', coordinates: [[...ring, ring[0]]] }, square(-60.1, -20.1, 0.05)]);
    const drawn = degrees(map.polygons[0]?.[0] ?? [], map);
    expect(drawn.length).toBeLessThan(400);
    expect(map.tolerance).toBeLessThan(0.005);
    for (const [x, y] of drawn) {
      expect(Math.min(...ring.map(([a, b]) => Math.hypot(a - x, b - y)))).toBeLessThan(map.tolerance);
    }
    for (const [a, b] of ring) {
      const pieces = drawn.map((from, index) => [from, drawn[(index + 1) % drawn.length] as [number, number]] as const);
      expect(Math.min(...pieces.map(([from, to]) => toPiece([a, b], from, to)))).toBeLessThan(map.tolerance);
    }
  });

  it('keeps holes, lines, and every kind of geometry', () => {
    const map = draw([
      { type: 'Polygon', coordinates: [square(0, 0, 1).coordinates[0], square(0.2, 0.2, 0.5).coordinates[0]] },
      { type: 'MultiPolygon', coordinates: [square(2, 2, 1).coordinates, square(4, 4, 1).coordinates] },
      {
        type: 'LineString',
        coordinates: [
          [0, 5],
          [5, 5],
          [5, 0],
        ],
      },
      {
        type: 'MultiLineString',
        coordinates: [
          [
            [0, 3],
            [1, 3],
          ],
          [
            [0, 4],
            [1, 4],
          ],
        ],
      },
      {
        type: 'GeometryCollection',
        geometries: [
          point(1, 5),
          {
            type: 'MultiPoint',
            coordinates: [
              [2, 5],
              [3, 5],
            ],
          },
        ],
      },
    ]);
    expect(map.polygons.map((rings) => rings.length)).toEqual([2, 1, 1]);
    expect(map.lines).toHaveLength(3);
    expect(cellsOf(map)).toHaveLength(3);
    const svg = mapSvg(map);
    expect(svg.match(/<path /g)).toHaveLength(3);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('shows both sides of 180° beside each other, cut there or not', () => {
    const fiji = [square(179, -17, 0.9), square(-179.9, -18, 0.8), point(-178, -19), point(178, -16)];
    const crossing = {
      type: 'Polygon',
      coordinates: [
        [
          [179.5, -20],
          [-179.5, -20],
          [-179.5, -19],
          [179.5, -19],
          [179.5, -20],
        ],
      ],
    };
    const map = draw([...fiji, crossing]);
    expect(map.width * map.cell).toBeCloseTo(4, 1);
    expect(map.west).toBeCloseTo(178, 2);
    const [, , drawn = []] = map.polygons.map(([outer]) => degrees(outer ?? [], map));
    const width = Math.max(...drawn.map(([x]) => x)) - Math.min(...drawn.map(([x]) => x));
    expect(width).toBeCloseTo(1, 1);
  });

  it('draws what lies at a pole or around it, and the whole world', () => {
    const antarctica = {
      type: 'Polygon',
      coordinates: [
        [
          [-180, -90],
          [-180, -75],
          [-60, -65],
          [60, -66],
          [180, -75],
          [180, -90],
          [-180, -90],
        ],
      ],
    };
    const map = draw([antarctica, point(0, 90), point(12, -90)]);
    expect(map.undrawable).toBe(0);
    const [xs, ys] = [0, 1].map((axis) => degrees(map.polygons[0]?.[0] ?? [], map).map((at) => at[axis] as number));
    expect(Math.max(...(xs as number[])) - Math.min(...(xs as number[]))).toBeCloseTo(360, 0);
    expect(Math.min(...(ys as number[]))).toBeCloseTo(-90, 0);
    expect(mapSvg(map)).not.toMatch(/NaN|Infinity/);
  });

  it('is not larger than 300 kB compressed, however much there is, and leaves no location out', () => {
    const random = numbers();
    const next = (from: number, to: number) => from + random.next().value * (to - from);
    const projects = {
      scattered: Array.from({ length: 115_000 }, () => point(next(-60, -58), next(-20, -18))),
      lines: Array.from({ length: 6000 }, () => ({
        type: 'LineString',
        coordinates: Array.from({ length: 6 }, () => [next(-60, 60), next(-60, 60)]),
      })),
      fabric: Array.from({ length: 25_000 }, (_, place) =>
        square((place % 158) * 0.001 + next(0, 0.0001), Math.floor(place / 158) * 0.001, 0.0008),
      ),
    };
    for (const geometries of Object.values(projects)) {
      const map = draw(geometries);
      expect(gzipSync(JSON.stringify(map)).length).toBeLessThan(300_000);
      expect(gzipSync(mapSvg(map)).length).toBeLessThan(300_000);
      expect(map.drawn).toBe(geometries.length);
      const shapes = cellsOf(map).reduce((sum, cell) => sum + cell.shapes, 0);
      expect(shapes + map.polygons.length + map.lines.length).toBe(geometries.length);
      expect(Math.max(map.width, map.height)).toBeGreaterThan(150);
    }
  });
});

function toPiece([px, py]: [number, number], [ax, ay]: [number, number], [bx, by]: [number, number]): number {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const along = length === 0 ? 0 : ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
}
