import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Located, ProjectDirectory } from '@parcelpost/shared/db/services/project-directory.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { expect, it } from 'vitest';
import { ProjectMaps } from './project-maps.js';

/** A circle of so many vertices. */
function round(vertices: number) {
  const ring = Array.from({ length: vertices }, (_, at) => {
    const angle = (2 * Math.PI * at) / vertices;
    return [10 + Math.cos(angle), 50 + Math.sin(angle)];
  });
  return { type: 'Polygon', coordinates: [[...ring, ring[0]]] };
}

it('drawing large outlines gives way to others many times in a page', async () => {
  const geometry = round(20_000);
  const locations: Located[] = Array.from({ length: 200 }, (_, at) => ({ position: at + 1, geometry }));
  let reading = true;
  const directory = {
    locationsVersion: async () => 'a',
    locations: async (_: string, after: number) => {
      reading = after < locations.length;
      return locations.filter(({ position }) => position > after);
    },
  } as unknown as ProjectDirectory;
  const maps = new ProjectMaps(directory, createLogger('test', 'silent'));
  const drawn = maps.of('project', 60_000);
  let turns = 0;
  // The next page is asked for before this one is drawn, and drawing is over when the map is there.
  const over = drawn.then(() => true);
  while (!(await Promise.race([over, nextTurn(false)]))) turns++;
  expect(reading).toBe(false);
  expect((await drawn)?.data.drawn).toBe(200);
  expect(turns).toBeGreaterThan(10);
});
