/** The reduce half of a workbook: the shards' fragments in, an Office Open XML spreadsheet (ECMA-376, transitional) out. */
import { Readable, type Writable } from 'node:stream';
import { attributeColumns, type Column, described, type SchemaField } from '../csv/columns.js';
import { writeZip, type ZipSource } from '../zip/write.js';
import { columnLetters, headerXml } from './cell.js';
import * as parts from './parts.js';
import { RowSource, type SheetFragment } from './rows.js';
import { cutText, MAX_CELL } from './text.js';

/** A table of the workbook. */
export interface SheetSource {
  /** Its sheet's name. */
  name: string;
  fixed: readonly Column[];
  /** The form's questions. */
  schema: readonly SchemaField[];
  fragments: readonly SheetFragment[];
}

/** A table as it was written. */
export interface WrittenSheet {
  name: string;
  /** Sheets that it takes: `locations`, `locations (2)` … */
  sheets: string[];
  rows: number;
  columns: Column[];
}

export interface WorkbookOptions {
  /** Of the parts inside the file, which is a zip. */
  date: Date;
  signal: AbortSignal;
  /** Most rows of a sheet, its header among them: 1,048,576, Excel's limit, unless a test says less. */
  maxRows?: number;
}

/** Of deflate: sheets' XML shrinks to a tenth at the quickest level, and hardly more at others. */
const LEVEL = 1;

/**
 * Writes a workbook to `output` and ends it. Each table has a sheet with a header row, also without any record, and
 * further ones when it is full. Columns are those of the CSV: fixed ones, the form's in its order, the others by code point.
 *
 * One pass over the fragments; memory: one frame and one chunk of a sheet. The writer is our own, since those that are
 * there want whole rows in one model of the columns (exceljs: 73,000 rows a second), and which columns there are is known only when
 * all shards are done; here finished cells are copied to their places.
 *
 * Throws a permanent ExportError when there are too many columns, one that is not permanent where a fragment is damaged.
 */
export async function writeWorkbook(
  tables: readonly SheetSource[],
  output: Writable,
  { date, signal, maxRows = 1_048_576 }: WorkbookOptions,
): Promise<WrittenSheet[]> {
  const plans = tables.map((table) => planOf(table, maxRows));
  const names = plans.flatMap(({ sheets }) => sheets);
  async function* entries(): AsyncGenerator<ZipSource> {
    for (const { name, content } of parts.workbookParts(names)) {
      const source = Buffer.from(content);
      yield { name, source, bytes: source.length };
    }
    let number = 0;
    for (const plan of plans) {
      const rows = new RowSource(plan.fragments, plan.fixed.length, plan.attributes);
      try {
        for (let i = 0, left = plan.rows; i < plan.sheets.length; i++) {
          const count = Math.min(left, maxRows - 1);
          left -= count;
          yield {
            name: parts.sheetPath(++number),
            source: Readable.from(sheetXml(plan.columns, rows, count, number === 1), { objectMode: false }),
            bytes: null,
          };
        }
        await rows.expectEnd();
      } finally {
        await rows.close();
      }
    }
  }
  await writeZip(entries(), output, { level: LEVEL, date, signal });
  return plans.map(({ name, sheets, rows, columns }) => ({ name, sheets, rows, columns }));
}

interface SheetPlan extends SheetSource, WrittenSheet {
  /** Keys of the columns behind the fixed ones. */
  attributes: string[];
}

function planOf(table: SheetSource, maxRows: number): SheetPlan {
  const { name, fixed, schema, fragments } = table;
  const found = fragments.flatMap(({ meta }) => meta.keys);
  const attributes = attributeColumns(fixed, schema, found);
  const rows = fragments.reduce((sum, { meta }) => sum + meta.rows, 0);
  const count = Math.max(1, Math.ceil(rows / (maxRows - 1)));
  return {
    ...table,
    rows,
    sheets: Array.from({ length: count }, (_, i) => (i === 0 ? name : `${name} (${i + 1})`)),
    columns: [...fixed, ...attributes].map(described),
    attributes: attributes.map(({ attribute }) => attribute),
  };
}

async function* sheetXml(
  columns: readonly Column[],
  rows: RowSource,
  count: number,
  selected: boolean,
): AsyncGenerator<Buffer, void, undefined> {
  const last = columnLetters(columns.length - 1);
  const header = columns.map(({ name }, i) => `<c r="${columnLetters(i)}1"${headerXml(fitting(name))}`).join('');
  yield Buffer.from(`${parts.sheetHead(`A1:${last}${count + 1}`, selected)}<row r="1">${header}</row>`);
  yield* rows.take(count, 2);
  yield Buffer.from(parts.SHEET_TAIL);
}

/** A name of more than a cell can hold is in the manifest whole. */
function fitting(name: string): string {
  return name.length <= MAX_CELL ? name : cutText(name, 'manifest.json');
}
