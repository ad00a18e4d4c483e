/** Rows of finished values as the fragment of a sheet, for tables that have fixed columns alone. */
import type { AttributeValue } from '@parcelpost/shared/records.js';
import { frameOf } from '../frames.js';
import { ByteWriter } from '../sink.js';
import { cellValue, cellXml } from './cell.js';
import type { SheetFragment } from './rows.js';
import { cutText, MAX_CELL } from './text.js';

/** Rows of a frame. */
const FRAME_ROWS = 1000;

/**
 * Encodes rows when they are asked for; as SheetFragmentEncoder has them. Memory: one frame.
 * @param rows each with a value for every column
 * @param whole where a text that is too long for its cell can be read in full
 */
export function plainRows(rows: readonly (readonly AttributeValue[])[], whole: string): SheetFragment {
  async function* frames(): AsyncGenerator<Buffer> {
    for (let at = 0; at < rows.length; at += FRAME_ROWS) {
      const some = rows.slice(at, at + FRAME_ROWS);
      const out = new ByteWriter();
      for (const row of some) writeRow(out, row, whole);
      yield frameOf(some.length, out.take());
    }
  }
  return { meta: { entity: 'locations', rows: rows.length, bytes: 0, keys: [] }, open: frames };
}

function writeRow(out: ByteWriter, row: readonly AttributeValue[], whole: string): void {
  const countAt = out.reserve(4);
  let cells = 0;
  for (const [column, given] of row.entries()) {
    const value = cellValue(given);
    if (value === undefined) continue;
    const fits = typeof value !== 'string' || value.length <= MAX_CELL;
    const xml = cellXml(fits ? value : cutText(value, whole));
    const head = out.reserve(8 + xml.length * 3);
    const length = out.bytes.write(xml, head + 8, 'utf8');
    out.bytes.writeUInt32LE(column, head);
    out.bytes.writeUInt32LE(length, head + 4);
    out.length = head + 8 + length;
    cells++;
  }
  out.bytes.writeUInt32LE(cells, countAt);
}
