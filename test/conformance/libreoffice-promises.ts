/** What is promised of a workbook in LibreOffice: every cell that openpyxl finds, as what it is. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isKept, throughLibreOffice } from '../support/libreoffice.js';
import { makeBundle } from '../support/made-bundle.js';
import { readWorkbooks } from '../support/workbook.js';
import { RECORDS } from './corpus/cases.js';

/** Tests workbooks of samples, and one of the corpus; `of` is asked when the test runs, for their paths and a folder. */
export function testInLibreOffice(of: () => { paths: string[]; folder: string }): void {
  test('LibreOffice opens it, and that of the corpus, and keeps every cell of every sheet; none is a formula to it', async () => {
    const { folder } = of();
    const paths = [...of().paths, await workbookOfCorpus(join(folder, 'corpus'))];
    const books = readWorkbooks(paths);
    const saved = await throughLibreOffice(paths, folder);

    const different: object[] = [];
    for (const [i, sheets] of books.entries()) {
      expect(saved[i]?.map(({ name, rows }) => [name, rows.length])).toEqual(
        sheets.map(({ name, rows }) => [name, rows.length]),
      );
      for (const [sheet, { name, rows }] of sheets.entries()) {
        for (const [at, row] of rows.entries()) {
          for (const [column, cell] of row.entries()) {
            const found = saved[i]?.[sheet]?.rows[at]?.[column];
            if (!isKept(cell, found)) different.push({ path: paths[i], name, at, column, cell, found });
          }
        }
      }
    }
    expect(different.slice(0, 5)).toEqual([]);

    const cells = books.flatMap((sheets) => sheets.flatMap(({ rows }) => rows.flat()));
    const texts = cells.filter((cell) => typeof cell === 'string');
    expect(texts.filter((text) => /^[=+\-@]/.test(text)).length).toBeGreaterThan(10);
    expect(texts.filter((text) => text.length > 32_000).length).toBeGreaterThan(0);
    expect(cells.filter((cell) => typeof cell === 'boolean').length).toBeGreaterThan(0);
  }, 180_000);
}

async function workbookOfCorpus(folder: string): Promise<string> {
  const { zip } = await makeBundle({ records: { locations: RECORDS }, options: { formats: ['xlsx'] }, folder });
  execFileSync('unzip', ['-q', zip, 'made.xlsx', '-d', folder]);
  return join(folder, 'made.xlsx');
}
