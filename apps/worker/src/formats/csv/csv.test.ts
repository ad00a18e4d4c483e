import { execFileSync } from 'node:child_process';
import { type Attributes, type AttributeValue, ExactNumber } from '@parcelpost/shared/records.js';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normal } from '../../../../../test/conformance/normal-geometry.js';
import { anyLocations, anySharding, cut, withoutEmptyMembers } from '../../../../../test/support/arbitrary-records.js';
import { chunked, MemorySink } from '../../../../../test/support/sinks.js';
import { formatCell } from './cell.js';
import { attributeColumns, MAX_COLUMNS, type SchemaField } from './columns.js';
import { CsvFragmentEncoder, type CsvRow, csvLines, type Delimiter } from './fragment.js';
import { reduceCsv } from './reduce.js';
import { csvTable, TABLES, type Table } from './tables.js';

const DELIMITERS: Delimiter[] = [',', ';', '\t', '|'];
const field = (name: string, label = name, type = 'text') => ({ name, label, type });
const FIXED = [field('id'), field('type')];

interface Options {
  schema?: SchemaField[];
  bom?: boolean;
  escapeFormulas?: boolean;
  chunk?: number;
  delimiter?: Delimiter;
  labels?: boolean;
  fixed?: Table<unknown>['fixed'];
}

/** Shards of batches of rows through map and reduce. */
async function table(
  shards: CsvRow[][][],
  {
    schema = [],
    bom = false,
    escapeFormulas = true,
    chunk = 7,
    delimiter = ',',
    labels = false,
    fixed = FIXED,
  }: Options = {},
) {
  const fragments = shards.map((batches) => {
    const encoder = new CsvFragmentEncoder({
      fixed: fixed.map((column) => column.name),
      schema: schema.map((column) => column.name),
      escapeFormulas,
      delimiter,
    });
    const bytes = Buffer.concat(batches.map((batch) => encoder.encode(batch)));
    return { meta: JSON.parse(JSON.stringify(encoder.finish())), open: () => chunked(bytes, chunk) };
  });
  const sink = new MemorySink();
  const result = await reduceCsv(fragments, sink, { fixed, schema, bom, escapeFormulas, delimiter, labels });
  expect(result.bytes).toBe(sink.bytes.length);
  return { ...result, sink, text: sink.text };
}

const row = (id: string, attributes: Attributes = {}): CsvRow => ({ fixed: [id, 'PA'], attributes });

/** What Python's csv module, strict, reads. */
function pythonRows(bytes: Buffer, delimiter: Delimiter = ',', encoding = 'utf-8'): string[][] {
  const script = `import csv,io,json,sys
csv.field_size_limit(1<<30)
text=io.TextIOWrapper(sys.stdin.buffer,encoding=sys.argv[2],newline='')
print(json.dumps(list(csv.reader(text,delimiter=sys.argv[1],strict=True))))`;
  const out = execFileSync('python3', ['-c', script, delimiter, encoding], { input: bytes, maxBuffer: 1 << 28 });
  return JSON.parse(out.toString());
}

/** Header and cells as they should read back. */
function expectedRows(columns: { name: string }[], rows: CsvRow[]): string[][] {
  const cell = (each: CsvRow, name: string) => {
    const key = name === 'attributes.id' ? 'id' : name;
    return Object.hasOwn(each.attributes, key) ? formatCell(each.attributes[key], true) : '';
  };
  return [
    columns.map(({ name }) => formatCell(name, true)),
    ...rows.map((each) => columns.map(({ name }, i) => (i < 2 ? `${each.fixed[i]}` : cell(each, name)))),
  ];
}

const json = (text: string): Attributes => JSON.parse(text);

describe('a CSV cell', () => {
  test.each<[AttributeValue | undefined, string]>([
    ['text', 'text'],
    [null, ''],
    [undefined, ''],
    [true, 'true'],
    [false, 'false'],
    [0, '0'],
    [-0, '0'],
    [-12.5, '-12.5'],
    [1e308, '1e+308'],
    [Number.NaN, ''],
    [new ExactNumber('-12345678901234567890123'), '-12345678901234567890123'],
    [['a', 2, null, true], 'a, 2, , true'],
    [[], ''],
    [['a', ['b', 1]], 'a, ["b",1]'],
    [['a', { b: new ExactNumber('99999999999999999999') }], 'a, {"b":99999999999999999999}'],
    [{ 'k"': [null, 'ü'] }, '{"k\\"":[null,"ü"]}'],
    [{}, '{}'],
  ])('%j becomes %j', (value, text) => {
    expect(formatCell(value, true)).toBe(text);
  });

  test.each(['=1+1', '+49 30', '-1', '@cmd', '\tx', '\rx'])('%j is defused when asked, and only then', (text) => {
    expect(formatCell(text, true)).toBe(`'${text}`);
    expect(formatCell(text, false)).toBe(text);
    expect(formatCell([text, 'b'], true)).toBe(`'${text}, b`);
  });

  test('numbers stay numbers', () => {
    expect(formatCell(-5, true)).toBe('-5');
    expect(formatCell(new ExactNumber('-5000000000000000000000'), true)).toBe('-5000000000000000000000');
  });
});

describe('a CSV', () => {
  test('has its header also without any row', async () => {
    expect((await table([], { schema: [field('crop')] })).text).toBe('id,type,crop\r\n');
    expect((await table([[]])).text).toBe('id,type\r\n');
  });

  test('begins with a byte order mark when asked', async () => {
    expect([...(await table([], { bom: true })).sink.bytes.subarray(0, 4)]).toEqual([0xef, 0xbb, 0xbf, 0x69]);
  });

  test('has the fixed columns, then the form in its order, then the other keys sorted by code point', async () => {
    const { text, columns, rows } = await table(
      [[[row('1', { z: 1 })], [row('2', { a: 2, 𐐀: 5, '￿': 6 })]], [[row('3', { m: 3, second: 4 })]]],
      { schema: [field('second', 'Second question', 'integer'), field('first')] },
    );
    expect(text.split('\r\n')).toEqual([
      'id,type,second,first,a,m,z,￿,𐐀',
      '1,PA,,,,,1,,',
      '2,PA,,,2,,,6,5',
      '3,PA,4,,,3,,,',
      '',
    ]);
    expect(columns[2]).toEqual({ name: 'second', label: 'Second question', type: 'integer' });
    expect(rows).toBe(3);
  });

  test('an attribute with the name of a fixed column moves aside, and past what is there', async () => {
    const { text } = await table([[[row('1', { id: 'x', 'attributes.id': 'y', 'a.b': 'z' })]]]);
    expect(text).toBe('id,type,a.b,attributes.id,attributes.attributes.id\r\n1,PA,z,y,x\r\n');
  });

  test('keys that every object answers to are columns like others', async () => {
    const { text } = await table([
      [[row('1'), row('2', json('{"__proto__":"p","constructor":"c","toString":"t"}'))], [row('3')]],
    ]);
    expect(text).toBe('id,type,__proto__,constructor,toString\r\n1,PA,,,\r\n2,PA,p,c,t\r\n3,PA,,,\r\n');
  });

  test('names of columns are defused too', async () => {
    expect((await table([[[row('1', { '=2+2': 'x' })]]])).text).toBe("id,type,'=2+2\r\n1,PA,x\r\n");
  });

  test('more columns than a spreadsheet can open are refused', () => {
    const keys = Array.from({ length: MAX_COLUMNS }, (_, i) => `k${i}`);
    expect(() => attributeColumns([field('id')], [], keys)).toThrow('16385 different columns');
    const encoder = new CsvFragmentEncoder({ fixed: ['id', 'type'], schema: [], escapeFormulas: true });
    expect(() => encoder.encode([row('1', Object.fromEntries(keys.map((key) => [key, 1])))])).toThrow(
      'different columns',
    );
  });

  test('a fragment that is cut short, or longer than it was, is refused', async () => {
    const encoder = new CsvFragmentEncoder({ fixed: ['id', 'type'], schema: [], escapeFormulas: true });
    const bytes = encoder.encode([row('1', { a: 1 })]);
    const meta = encoder.finish();
    const options = { fixed: [field('id'), field('type')], schema: [], bom: false, escapeFormulas: true };
    const reduce = (content: Buffer) =>
      reduceCsv([{ meta, open: () => chunked(content, 3) }], new MemorySink(), options);
    await expect(reduce(bytes.subarray(1))).rejects.toThrow('damaged');
    await expect(reduce(Buffer.concat([bytes, bytes]))).rejects.toThrow('damaged');
  });

  const texts = 'žluťoučký|पार्सल|地块|участок|قطعة|"|""|,|\r|\n|\r\n|a"b,c\r\nd| x |\'|=1|\t|😀|\u0001|'.split('|');
  const keys = ['a', 'b"', 'c,d', 'id', '=e', 'f\r\ng', 'ключ', '__proto__'];

  test('lines are what csv-stringify makes of them', () => {
    const cell = fc.oneof(fc.constantFrom(...texts, ...DELIMITERS), fc.string({ unit: 'grapheme' }));
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(rows, fc.constantFrom(...DELIMITERS), (rows, delimiter) => {
        const dialect = { record_delimiter: '\r\n', quote_record_delimiter: true, delimiter };
        expect(csvLines(rows, delimiter)).toBe(stringify(rows, dialect));
      }),
      { numRuns: 1000 },
    );
  });

  test('a reader gets back every cell, whatever its text, its shard, its batch and its chunk; and the same bytes', async () => {
    const value = fc.oneof(
      fc.constantFrom(...texts),
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.constant(null),
      fc.array(fc.constantFrom(...texts)),
    );
    const attributes = fc.dictionary(fc.constantFrom(...keys), value, { noNullPrototype: true });
    const shards = fc.array(fc.array(fc.array(attributes, { maxLength: 4 }), { maxLength: 3 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        shards,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(...DELIMITERS),
        async (data, chunk, delimiter) => {
          let next = 0;
          const rows = data.map((batches) => batches.map((batch) => batch.map((item) => row(`${next++}`, item))));
          const { sink, columns } = await table(rows, { schema: [field('b"')], chunk, delimiter });
          expect(parse(sink.bytes, { delimiter })).toEqual(expectedRows(columns, rows.flat(2)));
          const whole = await table([[rows.flat(2)]], { schema: [field('b"')], delimiter });
          expect(sink.bytes.equals(whole.sink.bytes)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('a reader gets back every geometry by value, however the locations were divided', async () => {
    const { row: rowOf, fixed } = csvTable('locations', 'geojson');
    await fc.assert(
      fc.asyncProperty(anyLocations, anySharding, async (records, lengths) => {
        const shards = cut(records, lengths).map((shard) => [shard.map(rowOf)]);
        const { sink } = await table(shards, { fixed });
        const [, ...lines] = parse(sink.bytes) as string[][];
        const read = lines.map(([id, , , text]) => [id, normal(text ? JSON.parse(text) : null)]);
        // JSON writes no -0, which is 0; members without a position are nothing.
        expect(read).toEqual(
          records.map(({ id, geometry }) => [id, normal(JSON.parse(JSON.stringify(withoutEmptyMembers(geometry))))]),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test.each(DELIMITERS)(
    "Python's csv module, strict, gets back the same cells in five scripts, divided by %j",
    async (delimiter) => {
      const all = [...texts, ...DELIMITERS, `a${delimiter}b`, `${delimiter}"${delimiter}`];
      const rows = all.map((text, i) => row(`${i}`, { [keys[i % keys.length] ?? '']: text, list: [text, text], text }));
      const { sink, columns } = await table([[rows.slice(0, 5)], [rows.slice(5, 11), rows.slice(11)]], {
        schema: [field('b"'), field(`d${delimiter}e`)],
        delimiter,
      });
      expect(pythonRows(sink.bytes, delimiter)).toEqual(expectedRows(columns, rows));
    },
  );

  test('labels are a second line of the header, defused and quoted as cells are, behind the byte order mark', async () => {
    const schema = [field('crop', 'What, if "any", is grown?'), field('more', '=1+1')];
    const { sink, rows } = await table([[[row('1', { other: 2 })]]], { schema, labels: true, bom: true });
    expect(rows).toBe(1);
    expect(pythonRows(sink.bytes, ',', 'utf-8-sig')).toEqual([
      ['id', 'type', 'crop', 'more', 'other'],
      ['id', 'type', 'What, if "any", is grown?', "'=1+1", 'other'],
      ['1', 'PA', '', '', '2'],
    ]);
  });

  test('a question that is asked of some types alone is a column all the same, which says of which', async () => {
    const when = { type: ['BU', 'AP'] };
    const { text, columns } = await table([[[row('1', { floors: 2 }), row('2')]]], {
      schema: [{ ...field('floors', 'How many floors?', 'integer'), when }, field('crop')],
    });
    expect(text).toBe('id,type,floors,crop\r\n1,PA,2,\r\n2,PA,,\r\n');
    expect(columns.slice(2)).toEqual([{ ...field('floors', 'How many floors?', 'integer'), when }, field('crop')]);
  });

  test('does not depend on how the records were divided into shards and batches', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => row(`${i}`, { [`key${i % 17}`]: 'v,"\r\n', common: i }));
    const whole = await table([[rows]]);
    const split = await table([[rows.slice(0, 3), rows.slice(3, 90)], [], [rows.slice(90, 91), rows.slice(91)]]);
    expect(split.text).toBe(whole.text);
  });

  test.each([
    ['ewkt', 'SRID=4326;POINT Z (1 2 3)', ''],
    ['wkt', 'POINT Z (1 2 3)', ''],
    ['geojson', '{"type":"Point","coordinates":[1,2,3]}', ''],
    ['none', undefined, undefined],
  ] as const)('locations have their geometry as %s, empty where there is none', (geometry, text, none) => {
    const { file, fixed, row } = csvTable('locations', geometry);
    expect(file).toBe('locations.csv');
    expect(fixed.map(({ name }) => name).slice(3)).toEqual(text === undefined ? [] : [`geometry.${geometry}`]);
    const record = { id: 'l', type: 'PA', area: 7, attributes: {} };
    const point = { type: 'Point' as const, coordinates: [1, 2, 3] };
    expect(row({ ...record, geometry: point }).fixed).toEqual(['l', 'PA', 7, ...(text === undefined ? [] : [text])]);
    expect(row({ ...record, geometry: null }).fixed).toEqual(['l', 'PA', 7, ...(none === undefined ? [] : [none])]);
    expect(csvTable('parties', geometry)).toBe(TABLES.parties);
  });

  test('the tables of a bundle have the promised fixed columns', () => {
    const names = (table: { fixed: readonly { name: string }[] }) => table.fixed.map((column) => column.name);
    expect(names(TABLES.relationships)).toEqual(['id', 'party_id', 'spatial_unit_id', 'tenure_type']);
    expect(names(TABLES.parties)).toEqual(['id', 'name', 'type']);
    expect(names(TABLES.locations)).toEqual(['id', 'type', 'area', 'geometry.ewkt']);
    const record = {
      id: 'l',
      type: 'PA',
      area: null,
      geometry: { type: 'Point' as const, coordinates: [1, 2] },
      attributes: {},
    };
    expect(TABLES.locations.row(record).fixed).toEqual(['l', 'PA', null, 'SRID=4326;POINT (1 2)']);
    const relationship = { id: 'r', party: 'p', spatialUnit: 's', tenureType: 'FH', attributes: {} };
    expect(TABLES.relationships.row(relationship).fixed).toEqual(['r', 'p', 's', 'FH']);
  });
});
