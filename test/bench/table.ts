/** A table in plain text: the first column to the left, the others to the right. */
export function table(header: string[], rows: string[][]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

export const seconds = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} s`;
export const mib = (value: number | undefined) => (value === undefined ? '?' : `${Math.round(value)} MB`);
export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
export const perSecond = (rows: number, time: number) =>
  rows > 0 && time > 0 ? `${Math.round(rows / time).toLocaleString('en')}/s` : '';
export const whole = (value: number) => value.toLocaleString('en');
export const cpu = (value: number | undefined) => (value === undefined ? '?' : seconds(value));
