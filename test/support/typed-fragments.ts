/** Records through the map of the typed formats, and what their tests make records of. */
import type { Attributes, LocationRecord, RecordOf } from '@parcelpost/shared/records.js';
import type { Geometry } from 'geojson';
import type { TableEntity } from '../../apps/worker/src/formats/csv/tables.js';
import { TypedFragmentEncoder, type Unheld } from '../../apps/worker/src/formats/typed/fragment.js';
import type { TypedFragment } from '../../apps/worker/src/formats/typed/read.js';
import { cut } from './arbitrary-records.js';
import { chunked } from './sinks.js';

/** A question of a form. */
export const field = (name: string, label = name, type = 'text') => ({ name, label, type });

export const location = (id: string, geometry: unknown, attributes: Attributes = {}): LocationRecord => ({
  id,
  type: 'PA',
  area: null,
  geometry: geometry as Geometry | null,
  attributes,
});

export const point = (...coordinates: number[]) => ({ type: 'Point', coordinates });

/**
 * Shards of one entity through the map.
 * @param chunk bytes that come at a time when a fragment is read
 * @returns the fragments, and what each of them could not hold. @throws where a fragment has not the bytes that it says
 */
export function mapped<E extends TableEntity>(
  entity: E,
  shards: RecordOf[E][][],
  chunk = 1000,
): { fragments: TypedFragment[]; unheld: Unheld[] } {
  const unheld: Unheld[] = [];
  const fragments = shards.map((records): TypedFragment => {
    const encoder = new TypedFragmentEncoder(entity);
    const frames = cut(records, [2, 0, 3]).flatMap((batch) => encoder.encode(batch));
    const finished = encoder.finish();
    const bytes = Buffer.concat([...frames, ...finished.frames]);
    if (bytes.length !== finished.meta.bytes)
      throw new Error(`the fragment has ${bytes.length} bytes and says ${finished.meta.bytes}`);
    unheld.push(finished.unheld);
    return { meta: JSON.parse(JSON.stringify(finished.meta)), open: () => chunked(bytes, chunk) };
  });
  return { fragments, unheld };
}
