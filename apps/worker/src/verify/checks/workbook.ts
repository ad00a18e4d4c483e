/** Workbooks (Office Open XML): the zip that they are, the parts that must be there, the rows of every sheet, their ids. */
import { StringDecoder } from 'node:string_decoder';
import { crc32 } from 'node:zlib';
import { sheetPath } from '../../formats/xlsx/parts.js';
import { type CheckContext, type CheckedFile, type FormatCheck, partsOf } from '../context.js';
import { Faults } from '../faults.js';
import { ZipFile } from '../zip-file.js';

const PARTS = ['[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml', 'xl/_rels/workbook.xml.rels', 'xl/styles.xml'];
const ROW_END = '</row>';
const SHEET_END = '</sheetData></worksheet>';
/** A row that is longer is none: 16,384 cells of 32,767 characters are not to be met. */
const LONGEST = 512 * 1024 * 1024;

/** Sheets that refer to others come behind them. */
const ORDER = ['locations', 'parties', 'relationships'];

export const workbookCheck: FormatCheck = { extensions: ['.xlsx'], rank: () => 2, check: checkWorkbook };

async function checkWorkbook(file: CheckedFile, context: CheckContext): Promise<number | null> {
  const inner = new Faults();
  const zip = await ZipFile.open(await context.random(file.name), inner, file.name);
  for (const { message } of inner.list()) file.fault('workbook-part', message);
  for (const part of PARTS) if (!zip.entries.has(part)) file.fault('workbook-part', `${part} is not there`);
  const names = await sheetNames(zip, file);
  const tables = file.listed?.tables ?? [];
  const listed = tables.flatMap(({ name, sheets = [name] }) => sheets);
  if (file.listed && names.join('\n') !== listed.join('\n')) {
    file.fault('workbook-sheet', `its sheets are ${names.join(', ')} where the manifest lists ${listed.join(', ')}`);
  }
  const { folder } = partsOf(file.name);
  const family = `xlsx ${folder}`;
  let rows = 0;
  const counts = new Map<string, number>();
  const order = (name: string) => ORDER.indexOf(tableOf(name));
  for (const name of [...names].sort((a, b) => order(a) - order(b) || names.indexOf(a) - names.indexOf(b))) {
    const table = tableOf(name);
    const before = counts.get(table) ?? 0;
    const found = await checkSheet(zip, sheetPath(names.indexOf(name) + 1), { file, context, family, table, before });
    counts.set(table, before + found);
    rows += found;
  }
  for (const { name, rows: said } of tables) {
    const found = counts.get(name) ?? 0;
    if (found !== said) file.fault('row-count', `${name} has ${found} rows where the manifest says ${said}`);
  }
  for (const entry of zip.entries.values()) {
    if (PARTS.includes(entry.name)) await readWhole(zip, entry.name, file);
  }
  context.links.forget(family);
  return rows;
}

/** `locations (2)` is more of locations. */
const tableOf = (sheet: string) => sheet.replace(/ \(\d+\)$/, '');

async function sheetNames(zip: ZipFile, file: CheckedFile): Promise<string[]> {
  const xml = await readWhole(zip, 'xl/workbook.xml', file);
  return [...xml.matchAll(/<sheet name="([^"]*)"/g)].map(([, name = '']) => name);
}

async function readWhole(zip: ZipFile, name: string, file: CheckedFile): Promise<string> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  for await (const chunk of contentOf(zip, name, file)) text += decoder.write(chunk);
  return text;
}

/** A part's content; at its end its checksum is compared. */
async function* contentOf(zip: ZipFile, name: string, file: CheckedFile): AsyncGenerator<Buffer, void, undefined> {
  const entry = zip.entries.get(name);
  if (!entry) return;
  let crc = 0;
  let bytes = 0;
  for await (const chunk of zip.content(entry)) {
    crc = crc32(chunk, crc);
    bytes += chunk.length;
    yield chunk;
  }
  if (crc !== entry.crc32 || bytes !== entry.bytes) file.fault('workbook-part', `the checksum of ${name} is wrong`);
}

interface Sheet {
  file: CheckedFile;
  context: CheckContext;
  family: string;
  table: string;
  /** Rows of the table in the sheets before. */
  before: number;
}

/** @returns rows without the header */
async function checkSheet(zip: ZipFile, part: string, sheet: Sheet): Promise<number> {
  const { file } = sheet;
  if (!zip.entries.has(part)) {
    file.fault('workbook-sheet', `${part} is not there`);
    return 0;
  }
  const decoder = new StringDecoder('utf8');
  let text = '';
  let rows = 0;
  for await (const chunk of contentOf(zip, part, file)) {
    text += decoder.write(chunk);
    let from = 0;
    for (let end = text.indexOf(ROW_END); end !== -1; end = text.indexOf(ROW_END, from)) {
      rows++;
      const begin = text.indexOf('<row r="', from);
      if (begin === -1 || begin > end || !text.startsWith(`${rows}"`, begin + 8)) {
        file.fault('workbook-sheet', `row ${rows} of ${part} does not say that it is that row`);
      }
      if (rows > 1) checkIds(text, from, end, rows, sheet);
      from = end + ROW_END.length;
    }
    text = text.slice(from);
    if (text.length > LONGEST) throw new Error(`row ${rows + 1} of ${part} has no end`);
  }
  if (text !== SHEET_END) file.fault('workbook-sheet', `${part} does not end as a sheet does`);
  return Math.max(0, rows - 1);
}

const CELL = /<c r="([ABC])\d+"[^>]*><is><t[^>]*>([^<]*)<\/t>/y;

function checkIds(xml: string, from: number, end: number, row: number, sheet: Sheet): void {
  const { file, context, family, table, before } = sheet;
  if (!ORDER.includes(table)) return;
  const place = before + row;
  const wanted = table === 'relationships' ? 3 : 1;
  let at = xml.indexOf('<c ', from);
  for (let i = 0; i < wanted && at !== -1 && at < end; i++) {
    CELL.lastIndex = at;
    const cell = CELL.exec(xml);
    if (cell) {
      const value = Buffer.from(cell[2] as string);
      if (cell[1] === 'A') context.links.add(family, table, value, file, place);
      else if (cell[1] === 'B') context.links.follow(family, 'parties', value, file, place);
      else context.links.follow(family, 'locations', value, file, place);
    }
    at = xml.indexOf('<c ', at + 3);
  }
}
