/** What verifying a bundle came to, for people. */
import { humanCount } from '@parcelpost/shared/words.js';
import type { Verified } from './verify-bundle.js';

/** A table of the files, and under it every fault with its name. Lines end with LF. */
export function renderReport({ files, faults }: Verified): string {
  const rows = [
    ['file', 'records', 'bytes', ''],
    ...files.map(({ name, rows, bytes, faults }) => [
      name,
      rows === null ? '–' : humanCount(rows),
      humanCount(bytes),
      faults === 0 ? 'sound' : `${humanCount(faults)} ${faults === 1 ? 'fault' : 'faults'}`,
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)));
  const pad = (text: string, column: number) => {
    const blanks = ' '.repeat((widths[column] ?? 0) - [...text].length);
    return column === 0 ? text + blanks : blanks + text;
  };
  const table = rows.map((row) =>
    row
      .map((cell, i) => (i < 3 ? pad(cell, i) : cell))
      .join('  ')
      .trimEnd(),
  );
  const told = faults.map(({ code, file, message }) => `  ${code}  ${file ?? 'the zip'}: ${message}`);
  return [
    ...(files.length > 0 ? [...table, ''] : []),
    faults.length === 0 ? 'No faults.' : 'Faults:',
    ...told,
    '',
  ].join('\n');
}
