/** What is promised of the CSVs in a bundle, judged by Python, GDAL and the raw bytes. */
import { expect, test } from 'vitest';
import { readWkt } from '../support/gdal.js';
import { TABLES } from './database-records.js';
import { byId, columnOf, differences, type Exported } from './exported.js';
import { normal } from './normal-geometry.js';
import { readRawCsv } from './rfc4180.js';

/** Tests the CSVs of one bundle; `of` is asked when a test runs. */
export function testTables(of: () => Exported): void {
  test.each(TABLES)('%s.csv read by Python has the database’s records, every cell of them, and no others', (name) => {
    const { stored, table } = of();
    const { header, rows, expected } = table(name);
    expect(stored[name].length).toBeGreaterThan(0);
    // The geometries are read by GDAL, below.
    const geometry = header.indexOf('geometry.ewkt');
    const cells = (row: string[]) => row.filter((_, i) => i !== geometry);
    const actual = byId(rows, (row) => row[0] as string, cells);
    const wanted = new Map([...expected.rows].map(([id, row]) => [id, cells(row)]));
    expect(differences(wanted, actual)).toEqual([]);
  });

  test.each(TABLES)('columns of %s.csv: the fixed ones, the form’s in its order, then the others sorted', (name) => {
    const { header, expected } = of().table(name);
    expect(header).toEqual(expected.header);
  });

  test.each(TABLES)(
    'the bytes of %s.csv keep to RFC 4180, each record ends with CRLF, there is no byte order mark',
    (name) => {
      const { bundle, stored } = of();
      const bytes = bundle.bytes(`${name}.csv`);
      const { fault, fields } = readRawCsv(bytes);
      expect(fault).toBeUndefined();
      expect(fields.length).toBe(stored[name].length + 1);
      expect(bytes.toString('latin1', 0, 3)).toBe('id,');
      new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    },
  );

  test('the EWKT of every location, read by GDAL, is the database’s geometry; where there is none it is empty', () => {
    const { stored, table } = of();
    const texts = columnOf(table('locations'), 'geometry.ewkt');
    for (const [id, text] of texts) if (!/^(SRID=4326;[A-Z]|$)/.test(text)) expect.fail(`${id}: ${text.slice(0, 99)}`);
    const geometries = readWkt([...texts.values()].map((text) => text.replace(/^SRID=4326;/, '')));
    const actual = new Map([...texts.keys()].map((id, i) => [id, normal(geometries[i] ?? null)]));
    const expected = byId(
      stored.locations,
      ({ id }) => id,
      ({ geometry }) => normal(geometry),
    );
    expect(differences(expected, actual)).toEqual([]);
  });
}
