import { expect, test } from 'vitest';
import { isCompressed } from './media.js';

test.each([
  ['photo.JPG', true],
  ['shp/a.b.pdf', true],
  ['project.xlsx', true],
  ['locations.csv', false],
  ['project.gpkg', false],
  ['jpg', false],
  ['README.txt', false],
])('%s is compressed in itself: %s', (name, compressed) => {
  expect(isCompressed(name)).toBe(compressed);
});
