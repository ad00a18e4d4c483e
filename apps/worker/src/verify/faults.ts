/** What can be wrong with a bundle. */

/**
 * Every kind of fault, and whether it is `damage` (bytes are not what was written, or no program can read them) or `data`
 * (the files are whole, but what they say does not agree).
 */
export const FAULT_KINDS = {
  'zip-damaged': 'damage',
  'zip-entry': 'damage',
  'zip-content': 'damage',
  'manifest-missing': 'damage',
  'manifest-unreadable': 'damage',
  'file-missing': 'damage',
  'file-unlisted': 'damage',
  'file-bytes': 'damage',
  'file-checksum': 'damage',
  'file-order': 'damage',
  'row-count': 'damage',
  encoding: 'damage',
  'csv-quoting': 'damage',
  'csv-line-ends': 'damage',
  'csv-cells': 'damage',
  'csv-header': 'damage',
  'shapefile-part-missing': 'damage',
  'shapefile-header': 'damage',
  'shapefile-record': 'damage',
  'shapefile-index': 'damage',
  'shapefile-bounds': 'damage',
  'shapefile-ring': 'damage',
  'shapefile-table': 'damage',
  'shapefile-projection': 'damage',
  'json-syntax': 'damage',
  'json-record': 'damage',
  'workbook-part': 'damage',
  'workbook-sheet': 'damage',
  'geopackage-damaged': 'damage',
  'geopackage-table': 'damage',
  'flatgeobuf-structure': 'damage',
  'parquet-structure': 'damage',
  'id-repeated': 'data',
  'id-unknown': 'data',
  'relationship-dangling': 'data',
} as const satisfies Record<string, 'damage' | 'data'>;

export type FaultCode = keyof typeof FAULT_KINDS;

export interface Fault {
  code: FaultCode;
  kind: 'damage' | 'data';
  /** Name of the file in the bundle; null where it is the zip itself. */
  file: string | null;
  /** For people: what is wrong, and where. */
  message: string;
}

/** Faults of one code in one file that are told one by one; what is more is counted. */
const TOLD = 5;

/** Gathers faults. Memory is bounded, however many there are. */
export class Faults {
  readonly #told: Fault[] = [];
  readonly #counts = new Map<string, number>();

  add(code: FaultCode, file: string | null, message: string): void {
    const key = `${code} ${file}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count <= TOLD) this.#told.push({ code, kind: FAULT_KINDS[code], file, message });
  }

  /** How many faults a file has. */
  of(file: string): number {
    let sum = 0;
    for (const [key, count] of this.#counts) if (key.slice(key.indexOf(' ') + 1) === file) sum += count;
    return sum;
  }

  /** In the order in which they were found; behind the first few of a kind, how many more there are. */
  list(): Fault[] {
    const more = [...this.#counts].flatMap(([key, count]): Fault[] => {
      if (count <= TOLD) return [];
      const code = key.slice(0, key.indexOf(' ')) as FaultCode;
      const file = this.#told.find((fault) => `${fault.code} ${fault.file}` === key)?.file ?? null;
      return [{ code, kind: FAULT_KINDS[code], file, message: `${count - TOLD} more like these` }];
    });
    return [...this.#told, ...more];
  }
}
