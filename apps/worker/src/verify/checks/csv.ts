/** CSV: well-formed, as wide as its header, its header as the manifest says, ids unique, references leading somewhere. */
import { defuse } from '../../formats/csv/cell.js';
import { type CheckContext, type CheckedFile, type FormatCheck, partsOf } from '../context.js';
import { scanCsv } from './csv-scan.js';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const APOSTROPHE = 0x27;
const FORMULAS = [...Buffer.from('=+-@\t\r')];

export const csvCheck: FormatCheck = {
  extensions: ['.csv'],
  rank: (name) => (partsOf(name).base === 'relationships' ? 1 : 0),
  check: checkCsv,
};

async function checkCsv(file: CheckedFile, { manifest, links }: CheckContext): Promise<number> {
  const { folder, base } = partsOf(file.name);
  const { bom = false, delimiter = ',', labels = false } = manifest?.export.asked.csv ?? {};
  if ((await file.reader.fill(BOM.length)) && file.reader.take(BOM.length).equals(BOM) !== bom) {
    file.fault('encoding', bom ? 'it has no byte order mark, which was asked for' : 'it begins with a byte order mark');
  }
  if (!bom) file.reader.back(BOM.length);
  const family = `csv ${folder}`;
  const heads = labels ? 2 : 1;
  const rows = await scanCsv(file.reader, {
    delimiter: delimiter.charCodeAt(0),
    header(cells) {
      compareHeader(file, cells);
      if (!isList(base)) return [];
      const wanted = ['id', ...(base === 'relationships' ? ['party_id', 'spatial_unit_id'] : [])];
      return wanted.map((name) => cells.indexOf(name)).filter((place) => place >= 0);
    },
    record([id, party, location], row) {
      if (!id || row <= heads) return;
      links.add(family, base, asWritten(id), file, row);
      if (party) links.follow(family, 'parties', asWritten(party), file, row);
      if (location) links.follow(family, 'locations', asWritten(location), file, row);
    },
    fault: (code, message) => file.fault(code, message),
  });
  return Math.max(0, rows - heads);
}

const isList = (base: string) => base === 'relationships' || base === 'parties' || base === 'locations';

function compareHeader(file: CheckedFile, cells: readonly string[]): void {
  const columns = file.listed?.columns;
  if (!columns) return;
  // What is no character (half of one) is written as � where there are but bytes.
  const names = columns.map(({ name }) => Buffer.from(name).toString());
  if (cells.length !== names.length) {
    file.fault('csv-header', `it has ${cells.length} columns where the manifest lists ${names.length}`);
    return;
  }
  const wrong = cells.findIndex((cell, i) => cell !== names[i] && cell !== defuse(names[i] ?? ''));
  if (wrong >= 0) {
    file.fault('csv-header', `column ${wrong + 1} is called ${cells[wrong]} where the manifest says ${names[wrong]}`);
  }
}

/** A text without the apostrophe that keeps a spreadsheet from running it. */
export function asWritten(cell: Buffer): Buffer {
  return cell[0] === APOSTROPHE && FORMULAS.includes(cell[1] ?? 0) ? cell.subarray(1) : cell;
}
