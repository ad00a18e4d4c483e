/** LibreOffice Calc as the judge of our workbooks: what it has in its cells once it has opened them. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { readWorkbooks, type Workbook, type WorkbookCell } from './workbook.js';

/**
 * Has LibreOffice open workbooks and save them as its own, all in one run, since it is the start that takes seconds.
 * @param paths of different names
 * @param folder for what it writes; it has a profile of its own in there
 * @returns what openpyxl reads of what it saved, in the order of the paths. Throws where it does not open one
 */
export async function throughLibreOffice(paths: readonly string[], folder: string): Promise<Workbook[]> {
  const out = mkdtempSync(join(folder, 'libreoffice-'));
  const profile = `-env:UserInstallation=${pathToFileURL(join(out, 'profile')).href}`;
  const args = [profile, '--headless', '--convert-to', 'xlsx', '--outdir', out, ...paths];
  const { stdout, stderr } = await promisify(execFile)('soffice', args);
  const saved = paths.map((path) => join(out, basename(path)));
  for (const [i, path] of saved.entries()) {
    if (!existsSync(path)) throw new Error(`LibreOffice did not open ${paths[i]}: ${stdout}${stderr}`);
  }
  return readWorkbooks(saved);
}

/** Whether a cell is still what it was, as far as LibreOffice keeps any. */
export function isKept(cell: WorkbookCell, found: WorkbookCell | undefined): boolean {
  if (cell === null || cell === '') return found === undefined || found === null || found === '';
  // It saves a truth value as a formula.
  if (typeof cell === 'boolean') return JSON.stringify(found) === `{"formula":"=${cell ? 'TRUE' : 'FALSE'}()"}`;
  if (typeof cell !== 'string') return JSON.stringify(found) === JSON.stringify(cell);
  const text = asOffice(cell);
  return found === text || found === withoutEscapes(text);
}

/** Every line end is LF to it; half of a surrogate pair and what follows are one character that it does not know. */
const asOffice = (text: string) => text.replace(/\r\n?/g, '\n').replace(/\p{Cs}.?/gsu, '?');

/** It reads what stands for characters that XML cannot hold, but saves a text that only looks so as it is. */
const withoutEscapes = (text: string) =>
  text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
