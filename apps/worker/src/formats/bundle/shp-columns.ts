/** The part of shp_readme.txt that tells which field of a table holds which answer. */
import type { Column } from '../csv/columns.js';
import type { BundleInfo } from './info.js';
import type { Speaker } from './languages/speaker.js';
import { definitions, heading, wrap } from './text.js';

/** Fields of each table, where attributes were asked for in shapefiles; tables with the same ones together. */
export function shapefileColumns({ asked, files }: BundleInfo, speaker: Speaker): string[] {
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
    ...heading(speaker.say('shpFields')),
    ...wrap('', speaker.say('shpFieldNames'), 0),
    ...wrap('', speaker.say('shpFieldTypes'), 0),
    ...[...tables.values()].flatMap(({ names, columns }) => [
      '',
      ...wrap('', names.join(', '), 0),
      ...definitions(
        columns.map(({ name, source, label, field }) => [
          name,
          source === undefined
            ? speaker.label(label)
            : `${field} ${JSON.stringify(source)}${label === source ? '' : `: ${label}`}`,
        ]),
      ),
    ]),
  ];
}
