import fc from 'fast-check';
import { expect, it } from 'vitest';
import { thin } from './thin.js';

const vertex = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }));
const walk = fc
  .array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 })), { minLength: 2, maxLength: 60 })
  .map((steps) => {
    let [x, y] = [0, 0];
    return steps.map(([dx, dy]): [number, number] => {
      x += dx;
      y += dy;
      return [x, y];
    });
  });

/** How far a vertex is from a line that is made of straight pieces. */
function distance([px, py]: [number, number], line: readonly number[]): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let index = 0; index + 3 < line.length; index += 2) {
    const [ax = 0, ay = 0, bx = 0, by = 0] = line.slice(index, index + 4);
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = length === 0 ? 0 : ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length;
    const t = Math.min(1, Math.max(0, along));
    nearest = Math.min(nearest, Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay)));
  }
  return nearest;
}

it('no vertex lies farther from what is left of its line than was allowed', () => {
  fc.assert(
    fc.property(fc.oneof(walk, fc.array(vertex, { minLength: 2, maxLength: 40 })), (vertices) => {
      const left = thin(vertices.flat(), 1);
      expect(left.slice(0, 2)).toEqual(vertices[0]);
      expect(left.slice(-2)).toEqual(vertices.at(-1));
      for (const one of vertices) expect(distance(one, left)).toBeLessThanOrEqual(1 + 1e-9);
    }),
    { numRuns: 500 },
  );
});

it('leaves the ends of a straight line, and the corners of a square', () => {
  expect(thin([0, 0, 5, 0, 10, 0, 20, 0], 1)).toEqual([0, 0, 20, 0]);
  const square = [0, 0, 10, 0, 10, 10, 0, 10, 0, 0];
  expect(thin(square, 1)).toEqual(square);
});

it('goes back where a line goes back', () => {
  expect(thin([0, 0, 100, 0, 50, 0], 1)).toEqual([0, 0, 100, 0, 50, 0]);
});
