/** What is promised of the format `xlsx`, judged by openpyxl and unzip. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type ExactJson, readCsv } from '../support/python.js';
import { readWorkbooks, type Workbook, type WorkbookCell } from '../support/workbook.js';
import { TABLES, type Table } from './database-records.js';
import { cellText, numeral } from './expected-table.js';
import { byId, columnOf, differences, type Exported } from './exported.js';

const SHEETS = ['locations', 'parties', 'relationships'] as const;
const MAX_CELL = 32_767;

/** Tests the workbook of a bundle of `organization/slug`; `of` is asked when a test runs. */
export function testWorkbook(project: string, of: () => Exported): void {
  const name = `${project.split('/')[1]}.xlsx`;
  let book: Workbook | undefined;
  const sheet = (table: Table) => {
    book ??= readWorkbooks([of().open.path(name)])[0];
    const [header = [], ...rows] = book?.find((each) => each.name === table)?.rows ?? [];
    return { header: header as string[], rows };
  };
  /** The long texts by sheet, id and column. */
  const longTexts = () => {
    const { open } = of();
    if (!open.names.includes('long_texts.csv')) return new Map<string, string>();
    const [header, ...rows] = readCsv(open.path('long_texts.csv'));
    expect(header).toEqual(['sheet', 'id', 'column', 'text']);
    return byId(
      rows,
      (row) => row.slice(0, 3).join('\n'),
      (row) => row[3] as string,
    );
  };

  test('the workbook is a whole zip with the three sheets; the manifest describes them', () => {
    const { open, stored, table } = of();
    execFileSync('unzip', ['-tq', open.path(name)]);
    for (const each of SHEETS) expect(sheet(each).rows.length).toBe(stored[each].length);
    expect(book?.map((each) => each.name)).toEqual([...SHEETS]);
    const { files } = JSON.parse(open.text('manifest.json')) as {
      files: { name: string; rows: number; tables?: object[] }[];
    };
    const described = files.find((file) => file.name === name);
    expect(described?.rows).toBe(TABLES.reduce((sum, each) => sum + stored[each].length, 0));
    expect(described?.tables).toEqual(
      SHEETS.map((each) =>
        expect.objectContaining({
          name: each,
          rows: stored[each].length,
          columns: table(each).expected.columns.map((column) => expect.objectContaining({ name: column })),
        }),
      ),
    );
  });

  test.each(SHEETS)(
    'sheet %s read by openpyxl has the database’s records, each cell of its own type, none a formula',
    (table) => {
      const exported = of();
      const { stored } = exported;
      const { expected } = exported.table(table);
      const { header, rows } = sheet(table);
      expect(header).toEqual(expected.columns);
      const long = longTexts();
      const geometries = table === 'locations' ? columnOf(exported.table('locations'), 'geometry.ewkt') : undefined;
      const fixed = Object.keys(stored[table][0]?.fixed ?? {});
      const wanted = byId(
        stored[table],
        ({ id }) => id,
        (record) =>
          header.map((column) => {
            if (column === 'geometry.ewkt') return expectedCell(geometries?.get(record.id));
            if (fixed.includes(column)) return expectedCell(asJson(record.fixed[column]));
            const key = column.replace(/^attributes\./, '');
            return expectedCell(record.attributes.get(fixed.includes(key) || key === 'geometry.ewkt' ? key : column));
          }),
      );
      const actual = byId(
        rows,
        (row) => row[0] as string,
        (row) => row.map((cell, i) => whole(cell, long.get([table, row[0], header[i]].join('\n')))),
      );
      expect(differences(wanted, actual)).toEqual([]);
    },
  );

  test('what is in the file of long texts is what no cell could hold, and the warnings count it', () => {
    const { open } = of();
    const long = longTexts();
    for (const [place, text] of long) if (text.length <= MAX_CELL) expect.fail(`${place} has ${text.length}`);
    const { warnings } = JSON.parse(open.text('manifest.json')) as { warnings: { code: string; count: number }[] };
    const counted = warnings.filter(({ code }) => code === 'xlsx-text-cut').reduce((sum, { count }) => sum + count, 0);
    const cut = new Set([...long.keys()].map((place) => place.split('\n').slice(0, 2).join('\n')));
    expect(counted).toBe(cut.size);
    const wide = SHEETS.flatMap((each) =>
      of()
        .table(each)
        .rows.filter((row) => row.some(({ length }) => length > MAX_CELL)),
    );
    expect(cut.size).toBe(wide.length);
  });
}

/** A cell as it is, or the long text in whose place it says that it is cut. */
function whole(cell: WorkbookCell, long: string | undefined): unknown {
  if (long === undefined)
    return cell !== null && typeof cell === 'object' && 'number' in cell ? Number(cell.number) : cell;
  const text = cell as string;
  expect(text.length).toBeLessThanOrEqual(MAX_CELL);
  const note = `[Cut: ${long.length.toLocaleString('en-US')} characters, whole in long_texts.csv] `;
  expect(text.startsWith(note)).toBe(true);
  expect(long.startsWith(text.slice(note.length))).toBe(true);
  return long;
}

function asJson(value: string | number | null | undefined): ExactJson {
  return typeof value === 'number' ? { number: String(value) } : (value ?? null);
}

function expectedCell(value: ExactJson | undefined): unknown {
  if (typeof value === 'boolean') return value;
  if (value !== null && typeof value === 'object' && 'number' in value) {
    const token = numeral(value.number as string);
    // A spreadsheet keeps 15 digits; what has more is text.
    return /^-?\d{16,}$/.test(token) || token !== String(Number(token)) ? token : Number(token);
  }
  return cellText(value) === '' ? null : cellText(value);
}
