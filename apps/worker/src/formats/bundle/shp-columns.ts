/** The part of shp_readme.txt that tells which field of a table holds which answer. */
import type { Column } from '../csv/columns.js';
import type { BundleInfo } from './info.js';
import { definitions, heading, wrap } from './text.js';

/** Fields of each table, where attributes were asked for in shapefiles; tables with the same ones together. */
export function shapefileColumns({ asked, files }: BundleInfo): string[] {
  if (!asked.shapefileAttributes) return [];
  const tables = new Map<string, { names: string[]; columns: readonly Column[] }>();
  for (const { name, columns } of files) {
    if (!columns || !name.endsWith('.dbf')) continue;
    const key = JSON.stringify(columns);
    const table = tables.get(key) ?? { names: [], columns };
    table.names.push(name);
    tables.set(key, table);
  }
  return [
    ...heading('Names of the columns'),
    ...wrap(
      '',
      'The tables have every answer too. The name of a column has ten bytes at most, and each is a letter, a digit or an underscore: the answers stand under these names, and manifest.json has the same for programs.',
      0,
    ),
    ...wrap(
      '',
      'Behind a name is its type: C is a text of so many bytes, N a number of so many characters and decimals, D a date, L true (T) or false (F); what was not answered is blank. An empty text is as no answer, and spaces at the end of a text are lost. A list is written with commas between its items, a nested answer as JSON.',
      0,
    ),
    ...[...tables.values()].flatMap(({ names, columns }) => [
      '',
      ...wrap('', names.join(', '), 0),
      ...definitions(
        columns.map(({ name, source, label, field }) => [
          name,
          source === undefined ? label : `${field} ${JSON.stringify(source)}${label === source ? '' : `: ${label}`}`,
        ]),
      ),
    ]),
  ];
}
