import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import {
  type AttributeValue,
  ExactNumber,
  type LocationRecord,
  type PartyRecord,
  type RecordOf,
} from '@parcelpost/shared/records.js';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyLocations, anySharding, cut } from '../../../../../test/support/arbitrary-records.js';
import { chunked, MemorySink } from '../../../../../test/support/sinks.js';
import { readWorkbooks, type WorkbookCell } from '../../../../../test/support/workbook.js';
import type { CsvFragmentMeta } from '../csv/fragment.js';
import { reduceCsv } from '../csv/reduce.js';
import { TABLES, type TableEntity } from '../csv/tables.js';
import { cellValue, cellXml, columnLetters } from './cell.js';
import { LONG_TEXTS_COLUMNS, SheetFragmentEncoder } from './fragment.js';
import type { SheetFragment } from './rows.js';
import { MAX_CELL, xmlText } from './text.js';
import { type SheetSource, writeWorkbook } from './workbook.js';

let folder: string;
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-xlsx-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const field = (name: string, label = name, type = 'text') => ({ name, label, type });
const DATE = new Date('2024-05-06T07:08:10Z');

/** Shards through the map. */
function table<E extends TableEntity>(entity: E, shards: RecordOf[E][][], { form = [] as string[], chunk = 7 } = {}) {
  const long: { meta: never; open: () => AsyncGenerator<Uint8Array> }[] = [];
  const cuts: { count: number; ids: string[] }[] = [];
  const fragments = shards.map((records): SheetFragment => {
    const encoder = new SheetFragmentEncoder(entity, form, { escapeFormulas: false });
    const batches = cut(records, [2, 0, 3]).map((batch) => encoder.encode(batch));
    const { sheet, meta, long: more } = encoder.finish();
    const longBytes = Buffer.concat(batches.map((batch) => batch.long));
    if (more.meta) long.push({ meta: more.meta as never, open: () => chunked(longBytes, chunk) });
    cuts.push(more.cut);
    const bytes = Buffer.concat([...batches.flatMap((batch) => batch.sheet), ...sheet]);
    expect(bytes.length).toBe(meta.bytes);
    return { meta: JSON.parse(JSON.stringify(meta)), open: () => chunked(bytes, chunk) };
  });
  const source: SheetSource = {
    name: entity,
    fixed: TABLES[entity].fixed,
    schema: form.map((name) => field(name)),
    fragments,
  };
  return { source, long, cuts };
}

/** Tables through the reduce, into a file. */
async function workbook(tables: readonly SheetSource[], maxRows?: number) {
  const sink = new MemorySink();
  const output = new Writable({ write: (chunk, _, done) => void sink.write(chunk).then(() => done(), done) });
  const options = { date: DATE, signal: new AbortController().signal, ...(maxRows ? { maxRows } : {}) };
  const sheets = await writeWorkbook(tables, output, options);
  const path = join(folder, `${files++}.xlsx`);
  writeFileSync(path, sink.bytes);
  return { path, sheets, bytes: sink.bytes };
}

const party = (id: string, attributes: Record<string, AttributeValue> = {}, name = 'n'): PartyRecord => ({
  id,
  name,
  type: 'IN',
  attributes,
});
const read = (path: string) => readWorkbooks([path])[0] as ReturnType<typeof readWorkbooks>[number];

describe('a cell', () => {
  test.each<[AttributeValue | undefined, unknown]>([
    ['text', 'text'],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
    [true, true],
    [-0, -0],
    [12.5, 12.5],
    [0.1 + 0.2, 0.1 + 0.2],
    [999_999_999_999_999, 999_999_999_999_999],
    [1_000_000_000_000_000, '1000000000000000'],
    [-(2 ** 53 - 1), '-9007199254740991'],
    [1e25, 1e25],
    [-1e308, '-1e+308'],
    [5e-324, '5e-324'],
    [Number.NaN, undefined],
    [new ExactNumber('123456789012345678901234567890'), '123456789012345678901234567890'],
    [['a', 2, null], 'a, 2, '],
    [[], undefined],
    [{ k: [1] }, '{"k":[1]}'],
  ])('holds of %j %j', (value, held) => {
    expect(cellValue(value)).toEqual(held);
  });

  test.each(['=1+1', '+1', '-1', '@x', '\tx'])(
    'with the text %j is text with the mark that keeps it from being run',
    (text) => {
      expect(cellXml(text)).toMatch(/^ s="2" t="inlineStr"><is><t/);
      expect(cellXml(-1)).toBe('><v>-1</v></c>');
    },
  );

  test.each([
    ['a&b<c>', 'a&amp;b&lt;c&gt;'],
    ['\u0001\u001f\ufffe', '_x0001__x001F__xFFFE_'],
    ['\ud800|😀', '_xD800_|😀'],
    ['_x0041_ _x41_', '_x005F_x0041_ _x41_'],
    ['_x_x0041__xABCD_', '_x_x005F_x0041__x005F_xABCD_'],
    ['a\r\nb\tc', 'a&#13;\nb\tc'],
  ])('text %j is written %s', (text, xml) => {
    expect(xmlText(text)).toBe(xml);
  });

  test('is in a column of these letters', () => {
    expect([0, 25, 26, 51, 701, 702, 16_383].map(columnLetters)).toEqual(['A', 'Z', 'AA', 'AZ', 'ZZ', 'AAA', 'XFD']);
  });
});

describe('a workbook', () => {
  test('has every sheet with its header, also without any record', async () => {
    const tables = (['locations', 'parties', 'relationships'] as const).map((entity) => table(entity, []).source);
    const { path, sheets } = await workbook(tables);
    expect(read(path)).toEqual([
      { name: 'locations', rows: [['id', 'type', 'area', 'geometry.ewkt']] },
      { name: 'parties', rows: [['id', 'name', 'type']] },
      { name: 'relationships', rows: [['id', 'party_id', 'spatial_unit_id', 'tenure_type']] },
    ]);
    expect(sheets.map(({ rows }) => rows)).toEqual([0, 0, 0]);
  });

  test('has fixed columns, then the form’s, then the others sorted; each cell is in its column, of its own type', async () => {
    const shards = [
      [party('1', { z: 1, b: '=1+1' }), party('2', { a: true, 𐐀: 'x', '￿': 'y' })],
      [],
      [party('3', { second: 4.5, id: 'x', m: new ExactNumber('9007199254740993') })],
    ];
    const { path, sheets } = await workbook([table('parties', shards, { form: ['second', 'first'] }).source]);
    const n = (number: string) => ({ number });
    expect(read(path)[0]?.rows).toEqual([
      ['id', 'name', 'type', 'second', 'first', 'a', 'b', 'attributes.id', 'm', 'z', '￿', '𐐀'],
      ['1', 'n', 'IN', null, null, null, '=1+1', null, null, n('1'), null, null],
      ['2', 'n', 'IN', null, null, true, null, null, null, null, 'y', 'x'],
      ['3', 'n', 'IN', n('4.5'), null, null, null, 'x', '9007199254740993', null, null, null],
    ]);
    expect(sheets[0]?.columns.map(({ name }) => name)).toEqual(read(path)[0]?.rows[0]);
  });

  test('a full sheet is followed by a second one, with a header of its own', async () => {
    const parties = Array.from({ length: 9 }, (_, i) => party(`${i}`, i === 8 ? { late: 1 } : {}));
    const { path, sheets } = await workbook(
      [table('parties', cut(parties, [4, 3, 2])).source, table('relationships', []).source],
      5,
    );
    const book = read(path);
    expect(book.map(({ name }) => name)).toEqual(['parties', 'parties (2)', 'parties (3)', 'relationships']);
    expect(book.slice(0, 3).map(({ rows }) => rows.length)).toEqual([5, 5, 2]);
    expect(book.slice(0, 3).flatMap(({ rows }) => rows.slice(1).map(([id]) => id))).toEqual(
      parties.map(({ id }) => id),
    );
    for (const { rows } of book.slice(0, 3)) expect(rows[0]).toEqual(['id', 'name', 'type', 'late']);
    expect(sheets[0]).toMatchObject({ rows: 9, sheets: ['parties', 'parties (2)', 'parties (3)'] });
    const exact = await workbook([table('parties', [parties.slice(0, 8)]).source], 5);
    expect(read(exact.path).map(({ rows }) => rows.length)).toEqual([5, 5]);
  });

  test('the CSV of long texts has between its cells what was asked for', async () => {
    const encoder = new SheetFragmentEncoder('parties', [], { escapeFormulas: false, delimiter: ';' });
    const long = 'a,b;c'.repeat(8000);
    const { long: bytes } = encoder.encode([party('1', { note: long })]);
    const meta = encoder.finish().long.meta as CsvFragmentMeta;
    const sink = new MemorySink();
    const options = {
      fixed: LONG_TEXTS_COLUMNS,
      schema: [],
      bom: false,
      escapeFormulas: false,
      delimiter: ';',
    } as const;
    await reduceCsv([{ meta, open: () => chunked(bytes, 1000) }], sink, options);
    expect(parse(sink.bytes, { delimiter: ';' })).toEqual([
      ['sheet', 'id', 'column', 'text'],
      ['parties', '1', 'note', long],
    ]);
  });

  test('a text that is too long for a cell says so there, and is whole in the CSV of long texts', async () => {
    const long = `${'x'.repeat(MAX_CELL - 60)}${'😀'.repeat(4000)}`;
    const fits = 'y'.repeat(MAX_CELL);
    const shards = [[party('1', { note: long, fits })], [party('2', { id: 'z'.repeat(40_000) })]];
    const { source, long: fragments, cuts } = table('parties', shards);
    const { path } = await workbook([source]);
    const [header, one, two] = (read(path)[0]?.rows ?? []) as string[][];
    const cell = (row: string[] | undefined, name: string) => row?.[header?.indexOf(name) ?? -1] as string;
    expect(cell(one, 'fits')).toBe(fits);
    const note = `[Cut: ${long.length.toLocaleString('en-US')} characters, whole in long_texts.csv] `;
    expect(cell(one, 'note').startsWith(`${note}xxx`)).toBe(true);
    expect(cell(one, 'note').length).toBeGreaterThanOrEqual(MAX_CELL - 1);
    expect(cell(one, 'note').length).toBeLessThanOrEqual(MAX_CELL);
    expect(cell(one, 'note')).not.toMatch(/\p{Cs}/u);
    expect(cell(two, 'attributes.id')).toMatch(/^\[Cut: 40,000 characters, whole in long_texts\.csv\] zzz/);
    const sink = new MemorySink();
    await reduceCsv(fragments, sink, { fixed: LONG_TEXTS_COLUMNS, schema: [], bom: false, escapeFormulas: false });
    expect(parse(sink.bytes)).toEqual([
      ['sheet', 'id', 'column', 'text'],
      ['parties', '1', 'note', long],
      ['parties', '2', 'attributes.id', 'z'.repeat(40_000)],
    ]);
    expect(cuts).toEqual([
      { count: 1, ids: ['1'] },
      { count: 1, ids: ['2'] },
    ]);
  });

  test('a fragment that is cut short, or longer than it was, is refused', async () => {
    const { source } = table('parties', [[party('1', { a: 1 }), party('2', { b: 2 })]]);
    const [fragment] = source.fragments as [SheetFragment];
    const bytes = Buffer.concat(await Readable.from(fragment.open()).toArray());
    for (const content of [bytes.subarray(0, -1), Buffer.concat([bytes, bytes])]) {
      const broken = { ...source, fragments: [{ ...fragment, open: () => chunked(content, 11) }] };
      await expect(workbook([broken])).rejects.toThrow('damaged');
    }
    const fewer = { ...source, fragments: [{ ...fragment, meta: { ...fragment.meta, rows: 3 } }] };
    await expect(workbook([fewer])).rejects.toThrow('damaged');
  });

  test('its parts are a package as ECMA-376 has it: content types first, well-formed XML, one entry a sheet', async () => {
    const { path } = await workbook([table('parties', [[party('1', { 'a&"<': ']]>' })]]).source]);
    const names = execFileSync('unzip', ['-Z1', path], { encoding: 'utf8' }).trim().split('\n');
    expect(names).toEqual([
      '[Content_Types].xml',
      '_rels/.rels',
      'xl/workbook.xml',
      'xl/_rels/workbook.xml.rels',
      'xl/styles.xml',
      'xl/worksheets/sheet1.xml',
    ]);
    execFileSync('unzip', ['-q', path, '-d', join(folder, 'parts')]);
    const script = 'import sys,xml.dom.minidom\nfor f in sys.argv[1:]: xml.dom.minidom.parse(f)';
    execFileSync('python3', ['-c', script, ...names.map((name) => join(folder, 'parts', name))]);
    expect(readdirSync(join(folder, 'parts', 'xl', 'worksheets'))).toEqual(['sheet1.xml']);
    const sheet = readFileSync(join(folder, 'parts', 'xl/worksheets/sheet1.xml'), 'utf8');
    expect(sheet).toContain('<dimension ref="A1:D2"/>');
  });
});

describe('whatever the records', () => {
  test('openpyxl gets back every cell by value, however they were divided; and the bytes are the same', async () => {
    const sample = fc.sample(fc.tuple(anyLocations, anySharding, fc.integer({ min: 1, max: 200 })), 1000);
    // Each a sheet of its own, so that not a thousand files have to be opened.
    const books = await Promise.all(
      cut(sample, Array(20).fill(50)).map(async (cases) => {
        const named = (i: number, shards: LocationRecord[][], chunk: number) => ({
          ...table('locations', shards, { form: ['b"'], chunk }).source,
          name: `case ${i}`,
        });
        const divided = cases.map(([records, lengths, chunk], i) => named(i, cut(records, lengths), chunk));
        const whole = cases.map(([records], i) => named(i, [records], 1000));
        const [book, same] = [await workbook(divided), await workbook(whole)];
        expect(same.bytes.equals(book.bytes)).toBe(true);
        return { cases, ...book };
      }),
    );
    const read = readWorkbooks(books.map(({ path }) => path));
    let compared = 0;
    for (const [i, { cases, sheets }] of books.entries()) {
      for (const [j, [records]] of cases.entries()) {
        const [header = [], ...rows] = read[i]?.[j]?.rows ?? [];
        expect(header).toEqual(sheets[j]?.columns.map(({ name }) => name));
        const wanted = records.map((record) => expectedRow(record, header as string[]));
        expect(
          rows.map((row) => row.map(asNumber)),
          JSON.stringify(records),
        ).toEqual(wanted);
        compared++;
      }
    }
    expect(compared).toBe(1000);
  }, 120_000);
});

function expectedRow(record: LocationRecord, header: readonly string[]): unknown[] {
  const fixed = TABLES.locations.fixed.map(({ name }) => name);
  return header.map((name, column) => {
    if (column < fixed.length) return asRead(cellValue(TABLES.locations.row(record).fixed[column] as AttributeValue));
    const key = [name, name.replace(/^(attributes\.)+/, '')].find(
      (each) =>
        Object.hasOwn(record.attributes, each) && (each === name ? !fixed.includes(each) : fixed.includes(each)),
    );
    return key === undefined ? null : asRead(cellValue(record.attributes[key]));
  });
}

/** A number as openpyxl gives it, by value: it spells it as Python does. */
function asNumber(cell: WorkbookCell): unknown {
  return cell !== null && typeof cell === 'object' && 'number' in cell ? Number(cell.number) : cell;
}

function asRead(value: ReturnType<typeof cellValue>): unknown {
  return value === 0 ? 0 : (value ?? null);
}
