/** Where an export's objects are in storage. Every key is derived; each start of a piece of work has its own. */
import type { JobStart } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { KeptParts } from '@parcelpost/shared/db/services/kept-parts.js';

type Place = Pick<ExportRow, 'id' | 'organization' | 'project' | 'generation'>;

/** Slugs are a foreign platform's to choose; what a key may not hold is percent-encoded, with `+` for the percent sign. */
const segment = (slug: string) =>
  encodeURIComponent(slug).replace(/[.!'()*%~]/g, (sign) =>
    sign === '%' ? '+' : `+${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Below which everything of an export lies. */
export const exportPrefix = (row: Place) => `${segment(row.organization)}/${segment(row.project)}/${row.id}`;

/** Below which fragments and finished files of a generation lie; a later one may take them over where they are. */
export const workPrefix = (row: Place) => `${exportPrefix(row)}/work-${row.generation}`;

/** Below which lies what others may take once the export is completed: finished files, and what follows the reading. */
export const madePrefix = (row: Place) => `${exportPrefix(row)}/made-${row.generation}`;

/** The same of this generation and of all before it. */
const ofAll = (prefix: (row: Place) => string) => (row: Place) =>
  Array.from({ length: row.generation }, (_, index) => prefix({ ...row, generation: index + 1 }));
export const workPrefixes = ofAll(workPrefix);
const madePrefixes = ofAll(madePrefix);

const folderOfStart = ({ kind, step, shard, start }: JobStart) => `${kind}-${step}-${shard}-${start}`;

/** Below which one start of a map or a reduce writes: a late one cannot replace the bytes whose figures are on the row. */
export const startPrefixes = (row: Place, key: JobStart) =>
  [workPrefix(row), madePrefix(row)].map((prefix) => `${prefix}/${folderOfStart(key)}`);

/** A fragment of a map. */
export const workKey = (row: Place, key: JobStart, name: string) => `${workPrefix(row)}/${folderOfStart(key)}/${name}`;

/** A file of a reduce; or a fragment of a map that others may take. */
export const madeKey = (row: Place, key: JobStart, name: string) => `${madePrefix(row)}/${folderOfStart(key)}/${name}`;

/** Where one start of the merge builds its bundle, apart from every other: what a killed start left goes as a whole. */
export const bundlePrefix = (row: Place, start: number) => `${exportPrefix(row)}/bundle-${row.generation}-${start}`;

/** The bundle of one start of the merge: a late start cannot overwrite the one that was decided on. */
export const bundleKey = (row: Place, start: number) => `${bundlePrefix(row, start)}/bundle.zip`;

/** Below which lies what an export has in storage beside its bundles: work of every try, and bundles nobody will read. */
export function besideBundles(parts: KeptParts): string[] {
  return parts.bundles.length > 0
    ? [...workPrefixes(parts), ...madePrefixes(parts), ...lostBundles(parts)]
    : [exportPrefix(parts)];
}

/** The same without what others may take. */
export function besideFinished(parts: KeptParts): string[] {
  return [...workPrefixes(parts), ...lostBundles(parts)];
}

/** Bundles, or pieces of them, that starts of a merge have left whose worker was killed, or that came too late. */
export function lostBundles({ merges, bundles, ...row }: KeptParts): string[] {
  return merges.flatMap(({ generation, starts }) =>
    Array.from({ length: starts }, (_, index) => bundleKey({ ...row, generation }, index + 1))
      .filter((key) => !bundles.includes(key))
      .map(folderOfBundle),
  );
}

/** The folder that a bundle has to itself, from its key. */
export const folderOfBundle = (storageKey: string) => storageKey.slice(0, storageKey.lastIndexOf('/'));
