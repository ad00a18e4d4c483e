import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Attributes, ExactNumber } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import type { Point } from 'geojson';
import { read } from 'shapefile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anySharding, cut } from '../../../../../test/support/arbitrary-records.js';
import { type DbaseCell, readDbase } from '../../../../../test/support/dbase.js';
import { chunked, MemoryFolder } from '../../../../../test/support/sinks.js';
import type { SchemaField } from '../csv/columns.js';
import { ShapefileFragmentEncoder } from './fragment.js';
import { fieldNames } from './names.js';
import { reduceShapefile } from './reduce.js';
import { withoutExponent } from './values.js';
import { attributeWarnings } from './warnings.js';

const POINT: Point = { type: 'Point', coordinates: [1, 2] };

/** Points with these attributes, in shards, through map and reduce. */
async function build(shards: readonly (readonly Attributes[])[], form: readonly SchemaField[] = []) {
  let next = 0;
  const fragments = shards.flatMap((records) => {
    const encoder = new ShapefileFragmentEncoder({ attributes: true });
    const features = records.map((attributes) => ({ id: `${next++}`, type: 'PA', geometry: POINT, attributes }));
    const first = encoder.add(features);
    const { chunks, metas } = encoder.finish();
    const bytes = Buffer.concat([...first, ...chunks].map((chunk) => chunk.bytes));
    return metas.map((meta) => ({ meta: JSON.parse(JSON.stringify(meta)), open: () => chunked(bytes, 997) }));
  });
  const folder = new MemoryFolder();
  const options = { date: new Date('1980-01-01T00:00:00Z'), form, openFile: folder.open };
  return { ...(await reduceShapefile('points', fragments, options)), folder: folder.files };
}

/** As npm's shapefile reads it. */
async function rows(folder: Map<string, Buffer>): Promise<Record<string, unknown>[]> {
  const file = (name: string) => new Uint8Array(folder.get(name) as Buffer);
  const { features } = await read(file('points.shp'), file('points.dbf'), { encoding: 'utf8' });
  return features.map(({ properties }) => properties ?? {});
}

const question = (name: string, type = 'text', label = `What is ${name}?`): SchemaField => ({ name, label, type });

describe('the table of a shapefile with attributes', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(path.join(tmpdir(), 'parcelpost-dbf-'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** Names, types and values as GDAL reads them. */
  function gdal(folder: Map<string, Buffer>) {
    const at = mkdtempSync(path.join(root, 'x'));
    for (const [name, bytes] of folder) writeFileSync(path.join(at, name), bytes);
    const source = path.join(at, 'points.shp');
    const summary = execFileSync('ogrinfo', ['-so', '-al', source], { encoding: 'utf8' });
    const out = execFileSync('ogr2ogr', ['-f', 'GeoJSONSeq', '/vsistdout/', source], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return {
      fields: [...summary.matchAll(/^(\S+): (\w+)(?:\((\w+)\))? \((\d+)\.(\d+)\)$/gm)].map((match) =>
        match.slice(1, 6),
      ),
      rows: out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).properties),
    };
  }

  const SHARDS: Attributes[][] = [
    [
      { whole: 7, real: 0.1, date: '2024-02-29', yes: true, text: 'žluťoučký', mixed: 1, huge: 1e308, none: null },
      { whole: -123456789, real: -12.25, yes: false, text: 'पार्सल "a", b', mixed: 'two', huge: 5e-324, none: null },
    ],
    [
      {
        whole: new ExactNumber('12345678901234567'),
        real: 1e-7,
        date: '1899-12-31',
        mixed: false,
        list: ['a', 2, null],
      },
      { digits: new ExactNumber('1234567890123456789'), nested: { a: [1] }, huge: 0.1, date: null },
      {},
    ],
  ];

  test('GDAL reads every value in its own type, as wide as its column needs', async () => {
    const { folder, columns } = await build(SHARDS);
    const read = gdal(folder);
    const types = Object.fromEntries(columns.map(({ name, field }) => [name, field]));
    expect(types).toEqual({
      id: undefined,
      type: undefined,
      date: 'D(8)',
      digits: 'C(19)',
      huge: 'N(24,15)',
      list: 'C(6)',
      mixed: 'C(5)',
      nested: 'C(9)',
      none: 'C(1)',
      real: 'N(11,7)',
      text: `C(${Buffer.byteLength('पार्सल "a", b')})`,
      whole: 'N(17)',
      yes: 'L(1)',
    });
    const kinds = Object.fromEntries(read.fields.map(([name, type]) => [name, type]));
    expect(kinds).toMatchObject({ date: 'Date', whole: 'Integer64', real: 'Real', huge: 'Real', text: 'String' });
    const [first, second, third, fourth, fifth] = read.rows;
    expect(first).toMatchObject({
      whole: 7,
      real: 0.1,
      date: '2024-02-29',
      text: 'žluťoučký',
      mixed: '1',
      huge: 1e308,
      none: null,
    });
    expect(second).toMatchObject({ whole: -123456789, real: -12.25, text: 'पार्सल "a", b', mixed: 'two' });
    // What its writer of GeoJSON makes of a date that is not set is nothing at all.
    expect(second.date).toBeUndefined();
    expect(third).toMatchObject({
      real: 1e-7,
      date: '1899-12-31',
      mixed: 'false',
      list: 'a, 2, '.trimEnd(),
      text: null,
    });
    // It takes a text for the JSON that it is.
    expect(fourth).toMatchObject({ digits: '1234567890123456789', nested: { a: [1] }, huge: 0.1, whole: null });
    expect(Object.entries(fifth).filter(([name, value]) => !['id', 'type'].includes(name) && value !== null)).toEqual(
      [],
    );
  });

  test('npm’s shapefile reads the same', async () => {
    const read = await rows((await build(SHARDS)).folder);
    expect(read.map(({ id }) => id)).toEqual(['0', '1', '2', '3', '4']);
    expect(read[0]).toMatchObject({ whole: 7, real: 0.1, yes: true, text: 'žluťoučký', huge: 1e308 });
    expect(read[1]).toMatchObject({ whole: -123456789, real: -12.25, yes: false, huge: 5e-324 });
    expect(read[3]).toMatchObject({ digits: '1234567890123456789', yes: null, whole: null });
    expect((read[0] as { date: Date }).date.getDate()).toBe(29);
  });

  test('does not depend on how the records were divided', async () => {
    const whole = await build([SHARDS.flat()]);
    const split = await build([[], ...SHARDS.flat().map((each) => [each])]);
    expect(split.folder.get('points.dbf')?.equals(whole.folder.get('points.dbf') as Buffer)).toBe(true);
    expect(split.columns).toEqual(whole.columns);
  });

  test('the form’s questions come first, in its order, also without an answer; what it calls a text stays one', async () => {
    const form = [
      question('b', 'date'),
      question('a', 'text'),
      question('c', 'decimal'),
      question('unasked', 'integer'),
    ];
    const { columns, folder } = await build([[{ z: '2024-01-02', a: '2024-01-02', b: '2024-01-02', c: 3 }]], form);
    expect(columns.slice(2).map(({ source, field, label }) => [source, field, label])).toEqual([
      ['b', 'D(8)', 'What is b?'],
      ['a', 'C(10)', 'What is a?'],
      ['c', 'N(3,1)', 'What is c?'],
      ['unasked', 'C(1)', 'What is unasked?'],
      ['z', 'D(8)', 'z'],
    ]);
    expect(gdal(folder).rows[0]).toMatchObject({ c: 3, a: '2024-01-02', b: '2024-01-02' });
  });

  test('a date that is in no calendar makes its column one of texts', async () => {
    const { columns, folder } = await build([[{ d: '2023-02-29' }, { d: '2024-02-29' }]], [question('d', 'date')]);
    expect(columns[2]?.field).toBe('C(10)');
    expect(gdal(folder).rows.map(({ d }) => d)).toEqual(['2023-02-29', '2024-02-29']);
  });

  test('texts are cut between characters, counted, and named', async () => {
    const { folder, attributes } = await build([
      [{ long: '界'.repeat(100), short: 'x' }],
      [{ long: `x${'😀'.repeat(80)}`, spaces: 'a  ', bad: 'a\u0000b\ud800' }, { long: 'fits' }],
    ]);
    expect((await rows(folder)).map(({ long }) => long)).toEqual(['界'.repeat(84), `x${'😀'.repeat(63)}`, 'fits']);
    const warnings = attributeWarnings('points', attributes, true);
    expect(warnings.map(({ code, count, ids }) => [code, count, ids])).toEqual([
      ['shapefile-text-cut', 2, ['0', '1']],
      ['shapefile-no-character', 1, ['1']],
      ['shapefile-spaces', 1, ['1']],
    ]);
    expect(warnings[0]?.message).toBe(
      '2 answers are cut in points.dbf to the 254 bytes that a dBase field can hold, under "long"; locations.csv has it whole',
    );
    expect((await rows(folder))[1]).toMatchObject({ bad: 'a\ufffdb\ufffd', spaces: 'a' });
  });

  test('of more than 255 columns the first have room, at their widest too, and the others are named', async () => {
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`.padEnd(4, '_'), 'w'.repeat(254)]));
    const { columns, attributes, folder } = await build([[wide]], [question('k299')]);
    expect(columns.length).toBe(255);
    expect(columns[2]?.source).toBe('k299');
    expect(attributes.leftOut.length).toBe(47);
    const { fields, rows } = gdal(folder);
    expect(fields.length).toBe(255);
    expect(Object.values(rows[0]).filter((value) => value === 'w'.repeat(254)).length).toBe(253);
    const [warning] = attributeWarnings('points', attributes, false);
    expect(warning).toMatchObject({ code: 'shapefile-columns-left-out', count: 47, ids: [] });
    expect(warning?.message).toMatch(/^47 attributes are not in points\.dbf, .*"k\d+_*" and 37 others$/);
  });

  test('a thousand tables of random values read back, and are the same however the records are divided', async () => {
    const text = fc.oneof(
      fc.constantFrom('', '=1', '"', '\r\n', 'قطعة', '\u0301'),
      fc.string({ unit: 'grapheme', maxLength: 80 }),
    );
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.constantFrom(-0, 0.5, 100.25),
    );
    const column = fc.constantFrom<fc.Arbitrary<unknown>>(text, number, fc.integer(), fc.boolean());
    const table = fc
      .tuple(column, column)
      .chain(([a, b]) => fc.array(fc.record({ a, b }, { requiredKeys: [] }), { minLength: 1, maxLength: 8 }));
    const cases = fc.sample(fc.tuple(table as fc.Arbitrary<Attributes[]>, anySharding), 1000);
    const paths: string[] = [];
    for (const [i, [records, sharding]] of cases.entries()) {
      const whole = (await build([records])).folder;
      const divided = (await build(cut(records, sharding))).folder;
      for (const [name, bytes] of whole) {
        expect(divided.get(name)?.equals(bytes), `${name} of ${JSON.stringify(cases[i])}`).toBe(true);
      }
      paths.push(path.join(root, `${i}.dbf`));
      writeFileSync(paths[i] as string, whole.get('points.dbf') as Buffer);
    }
    const tables = readDbase(paths);
    for (const [i, [records]] of cases.entries()) {
      expect(tables[i]?.length).toBe(records.length);
      for (const [row, record] of records.entries()) {
        for (const key of ['a', 'b']) {
          const found = readCell(tables[i]?.[row]?.[key]);
          expect(found, `${key} of ${JSON.stringify(record)} in ${JSON.stringify(records)}`).toEqual(
            asRead(record[key]),
          );
        }
      }
    }
  });

  /** A number, a truth value, or a text; null of what is blank. */
  function readCell([type, text]: DbaseCell = ['C', '']): unknown {
    if (type === 'N') return text === '' ? null : Number(text);
    if (type === 'L') return text === 'T' ? true : text === 'F' ? false : null;
    return text === '' ? null : text;
  }

  /** A field holds no spaces at its end, nor an empty text, and no sign of zero. */
  function asRead(value: unknown): unknown {
    if (typeof value !== 'string') return value === undefined ? null : Object.is(value, -0) ? 0 : value;
    const bytes = Buffer.from(value.replaceAll('\u0000', '\ufffd').replace(/\p{Cs}/gu, '\ufffd'));
    let end = Math.min(254, bytes.length);
    while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
    const text = bytes.toString('utf8', 0, end).replace(/ +$/, '');
    return text === '' ? null : text;
  }
});

describe('names of fields', () => {
  test.each<[string, string[], string[]]>([
    ['stay as they are where they fit', ['land_use', 'größe'], ['land_use', 'größe']],
    [
      'have underscores for what is no letter and no digit',
      ['a.b', 'x y', '=1+1', '__proto__', '😀', ''],
      ['a_b', 'x_y', '1_1', 'proto', 'field', 'field_1'],
    ],
    ['are cut between characters', ['земельный участок', '0123456789ab', 'पार्सल संख्या'], ['земел', '0123456789', 'पा']],
    [
      'are unique, also after cutting, and upper and lower case alike',
      ['Area', 'area', 'ID', 'a long name 1', 'a long name 2', 'a_long_nam'],
      ['Area', 'area_1', 'ID_1', 'a_long_nam', 'a_long_n_1', 'a_long_n_2'],
    ],
    ['are composed', ['Cafe\u0301'], ['Café']],
    ['of one character of many marks are its first marks', [`e${'\u0323'.repeat(9)}`], [`ẹ${'\u0323'.repeat(3)}`]],
  ])('%s', (_, names, wanted) => {
    expect(fieldNames(names, ['id', 'type'])).toEqual(wanted);
  });

  test('a hundred of the same beginning are a hundred, none longer than ten bytes', () => {
    const names = fieldNames(
      Array.from({ length: 120 }, (_, i) => `same beginning ${i}`),
      [],
    );
    expect(new Set(names).size).toBe(120);
    expect(Math.max(...names.map((name) => Buffer.byteLength(name)))).toBe(10);
  });
});

test.each([
  ['1e-7', '0.0000001'],
  ['1.5e-7', '0.00000015'],
  ['1e+21', '1000000000000000000000'],
  ['-1.2345e+2', '-123.45'],
  ['12.5', '12.5'],
  ['1e+308', undefined],
])('%s without an exponent is %s', (text, plain) => {
  expect(withoutExponent(text)).toBe(plain);
});
