/** The check of what is large, of what is small: so that it works when somebody wants it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Measured } from './measured.js';
import { readOptions } from './options.js';
import { checkShapefiles } from './shapefiles.js';
import { checkLargeFile, checkManyFiles } from './zips.js';

const SMALL = {
  ...readOptions([]),
  shapefileBytes: 40e6,
  corners: 2000,
  maxShapefileBytes: 36e6,
  fileBytes: 3e6,
  entries: 120,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-large-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const measured = () => new Measured(() => undefined);

describe('the check of what is large', () => {
  test('writes polygons for more than one shapefile, which GDAL and npm’s shapefile read as they were', async () => {
    expect(await checkShapefiles(folder, SMALL, measured())).toMatch(
      /^1248 polygons in polygons\.shp \(\d+ polygons, \d+ bytes\) and polygons_2\.shp \(\d+ polygons/,
    );
  });

  test('bundles many files, and a large one with others behind it', async () => {
    expect(await checkManyFiles(folder, SMALL, measured())).toMatch(/^122 files/);
    expect(await checkLargeFile(folder, SMALL, measured())).toMatch(/^A file of 3000000 bytes/);
  });

  test('says which option is wrong', () => {
    for (const [args, option] of [
      [['--shapefile', 'x'], '--shapefile'],
      [['--file', '0'], '--file'],
      [['--entries', '1.5'], '--entries'],
      [['--corners', '2'], '--corners'],
    ] as const) {
      expect(() => readOptions([...args])).toThrow(option);
    }
  });
});
