/** The ids of a shard's records, and those that they refer to, as sorted hashes: so that shards can be compared. */
import type { Entity, RecordOf, RelationshipRecord } from '@parcelpost/shared/records.js';
import { hashOf } from './hash.js';

/** What a relationship refers to. */
export const REFERRED = ['parties', 'locations'] as const satisfies readonly Entity[];
export type Referred = (typeof REFERRED)[number];

/** What is known of a fragment without reading it; plain JSON. */
export interface ReferencesMeta {
  entity: Entity;
  /** Records, each with an id of its own. */
  rows: number;
  bytes: number;
}

const HASH_BYTES = 8;
const PLACE_BYTES = 4;

/**
 * A fragment has the hashes of the records' ids, sorted. That of relationships then has, for parties and for locations, the
 * hashes of the ids referred to, sorted, and the place of the relationship of each; and then all of their own ids as a
 * list in JSON. Hashes are doubles, places UInt32, both as the machine has them, little-endian.
 */
export class ReferencesEncoder<E extends Entity> {
  readonly #hashes: number[] = [];
  readonly #ids: string[] = [];
  readonly #referred: Record<Referred, number[]> = { parties: [], locations: [] };

  constructor(readonly entity: E) {}

  add(records: readonly RecordOf[E][]): void {
    for (const { id } of records) this.#hashes.push(hashOf(id));
    if (this.entity !== 'relationships') return;
    for (const { id, party, spatialUnit } of records as readonly RelationshipRecord[]) {
      this.#ids.push(id);
      this.#referred.parties.push(hashOf(party));
      this.#referred.locations.push(hashOf(spatialUnit));
    }
  }

  /** Call once. */
  finish(): { bytes: Buffer; meta: ReferencesMeta } {
    const parts = [bytesOf(Float64Array.from(this.#hashes).sort())];
    if (this.entity === 'relationships') {
      for (const entity of REFERRED) {
        const hashes = this.#referred[entity];
        const places = Uint32Array.from(hashes, (_, place) => place);
        places.sort((a, b) => (hashes[a] as number) - (hashes[b] as number));
        parts.push(bytesOf(Float64Array.from(places, (place) => hashes[place] as number)), bytesOf(places));
      }
      parts.push(Buffer.from(JSON.stringify(this.#ids)));
    }
    const bytes = Buffer.concat(parts);
    return { bytes, meta: { entity: this.entity, rows: this.#hashes.length, bytes: bytes.length } };
  }
}

/** A fragment at rest, read in parts. */
export interface ReferencesFragment {
  meta: ReferencesMeta;
  /** Bytes from `start` up to, and without, `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Hashes of the records' own ids, sorted. */
export async function ownHashes({ meta, read }: ReferencesFragment): Promise<Float64Array> {
  return doubles(await read(0, HASH_BYTES * meta.rows));
}

/** Of a fragment of relationships: the hashes that they refer to, sorted, and the place of the relationship of each. */
export async function referredHashes(
  { meta: { rows }, read }: ReferencesFragment,
  entity: Referred,
): Promise<{ hashes: Float64Array; places: Uint32Array }> {
  const start = rows * (HASH_BYTES + REFERRED.indexOf(entity) * (HASH_BYTES + PLACE_BYTES));
  const bytes = await read(start, start + rows * (HASH_BYTES + PLACE_BYTES));
  return {
    hashes: doubles(bytes.subarray(0, rows * HASH_BYTES)),
    places: new Uint32Array(Uint8Array.from(bytes.subarray(rows * HASH_BYTES)).buffer),
  };
}

/** Of a fragment of relationships: their ids, in their order. */
export async function relationshipIds({ meta: { rows, bytes }, read }: ReferencesFragment): Promise<string[]> {
  const start = rows * (HASH_BYTES + REFERRED.length * (HASH_BYTES + PLACE_BYTES));
  return JSON.parse(Buffer.from(await read(start, bytes)).toString('utf8'));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Uint32Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** A copy, since doubles want a place that eight divides. */
function doubles(bytes: Uint8Array): Float64Array {
  return new Float64Array(Uint8Array.from(bytes).buffer);
}
