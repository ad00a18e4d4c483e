import type { Polygon } from 'geojson';
import { describe, expect, test } from 'vitest';
import { benchFormats, type FormatRun } from './bench-formats.js';
import { CASES, caseNamed } from './cases.js';
import { readFormatsOptions } from './options.js';
import { madeRecords, VERTICES } from './records.js';
import { formatsTable, growth, growthTable, promisedRates } from './report.js';

describe('options of the bench of formats', () => {
  test('say what is measured when nothing is given', () => {
    expect(readFormatsOptions([])).toEqual({
      sizes: [10_000, 100_000, 1_000_000],
      cases: CASES,
      data: undefined,
      profile: undefined,
      json: undefined,
      compare: true,
    });
  });

  test.each([
    [['--sizes', '10,0'], '--sizes'],
    [['--sizes', ''], '--sizes'],
    [['--formats', 'csv-locations,pdf'], 'pdf'],
    [['--unknown'], '--unknown'],
  ])('that are wrong are named: %s', (args, option) => {
    expect(() => readFormatsOptions(args)).toThrow(option);
  });
});

test('the records are the same at every run, and parcels have their corners and a closed ring', () => {
  const some = [...madeRecords('locations', 3)];
  expect([...madeRecords('locations', 5)].slice(0, 3)).toEqual(some);
  for (const { feature } of some) {
    const [ring] = (feature.geometry as Polygon).coordinates;
    expect(ring).toHaveLength(VERTICES + 1);
    expect(ring?.at(-1)).toEqual(ring?.[0]);
  }
});

test('steps are measured in processes of their own, beside another program that writes the same', async () => {
  const log: string[] = [];
  const options = readFormatsOptions(['--sizes', '1000', '--formats', 'csv-relationships,shp']);
  const runs = await benchFormats(options, (line) => log.push(line));
  expect(runs.map(({ name, parcels, rows }) => ({ name, parcels, rows }))).toEqual([
    { name: 'csv-relationships', parcels: 1000, rows: 1000 },
    { name: 'shp', parcels: 1000, rows: 1000 },
  ]);
  for (const { map, reduce, other } of runs) {
    for (const half of [map, reduce]) {
      expect(half.cpu).toBeGreaterThan(0);
      expect(half.peak).toBeGreaterThan(half.baseline);
    }
    expect(map.reading).toBeGreaterThan(0);
    expect(other).toMatchObject({ program: 'ogr2ogr', took: { cpu: expect.any(Number) } });
  }
  const lines = formatsTable(runs).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[3]).toMatch(/^shp +1,000 +1,000 .*ogr2ogr/);
}, 60_000);

describe('of what was measured', () => {
  const half = (cpu: number, peak: number) => ({
    rows: 0,
    seconds: cpu,
    cpu,
    reading: 0,
    baseline: 50,
    peak,
    bytes: 1,
  });
  const run = (parcels: number, cpu: number, peak: number): FormatRun => ({
    name: 'shp',
    parcels,
    rows: parcels,
    map: half(cpu, peak),
    reduce: half(0, 50),
    other: { why: 'a test' },
  });

  test('a rate that stays and memory that stays are linear and bounded', () => {
    const [small, large] = [run(10_000, 0.1, 100), run(1_000_000, 10, 160)];
    expect(growth(small, large)).toEqual({ rate: 1, bytes: 0 });
    expect(growthTable([small, large])).toMatch(/1\.00x +linear .* bounded$/m);
  });

  test('a rate that falls and memory that grows with the records are told', () => {
    const [small, large] = [run(10_000, 0.1, 100), run(1_000_000, 20, 1164)];
    const { rate, bytes } = growth(small, large);
    expect(rate).toBe(0.5);
    expect(bytes).toBeCloseTo((1000 * 1024 * 1024) / 990_000, 6);
    expect(growthTable([small, large])).toMatch(/NOT LINEAR .* GROWS$/m);
  });

  test('the promised rate is that of the largest size', () => {
    const { wanted = 0 } = caseNamed('shp');
    expect(promisedRates([run(10, 10, 60), run(wanted, 1, 60)])).toEqual([expect.stringMatching(/: yes$/)]);
    expect(promisedRates([run(wanted, 1, 60), run(wanted, 1.1, 60)])).toEqual([expect.stringMatching(/: NO$/)]);
  });
});
