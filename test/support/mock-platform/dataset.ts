/** The records of a mock project, written out as JSON once, so that a page of any offset and limit is a slice. */
import { ENTITIES, type Entity } from '@parcelpost/shared/records.js';

/** How the locations look: parcels alone, or every geometry type that GeoJSON knows, and none. */
export type Geometries = 'polygons' | 'every';

/** One list: the JSON of all its records, commas between, and where each begins and ends. */
interface List {
  json: Buffer;
  starts: Uint32Array;
  ends: Uint32Array;
}

export interface PageJson {
  /** JSON of the page's records, without brackets. */
  records: Buffer;
  /** Records in the whole list. */
  count: number;
}

/** A project of `parcels` locations, as many parties and as many relationships, of eight attributes each; no resources. */
export class Dataset {
  readonly #lists: Record<Entity, List>;

  constructor(
    readonly parcels: number,
    geometries: Geometries,
  ) {
    const write = (record: (index: number) => unknown, count = parcels) => writeList(count, record);
    this.#lists = {
      locations: write((index) => location(index, geometries)),
      parties: write(party),
      relationships: write(relationship),
      resources: write(() => null, 0),
    };
  }

  page(entity: Entity, offset: number, limit: number): PageJson {
    const { json, starts, ends } = this.#lists[entity];
    const count = starts.length;
    const last = Math.min(count, offset + limit) - 1;
    if (last < offset) return { records: Buffer.alloc(0), count };
    return { records: json.subarray(starts[offset], ends[last]), count };
  }

  /** Ids of a list, in its order. */
  static id(entity: Entity, index: number): string {
    return `${ENTITIES.indexOf(entity)}${index.toString(36).padStart(23, '0')}`;
  }
}

function writeList(count: number, record: (index: number) => unknown): List {
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const parts: Buffer[] = [];
  const comma = Buffer.from(',');
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (index > 0) {
      parts.push(comma);
      at++;
    }
    const json = Buffer.from(JSON.stringify(record(index)));
    parts.push(json);
    starts[index] = at;
    at += json.length;
    ends[index] = at;
  }
  return { json: Buffer.concat(parts, at), starts, ends };
}

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

const NAMES = ['Ana Souza', 'Björn Åkesson', 'Мария Иванова', '李明', 'محمد علي', 'Chidi "CJ" Okafor', "O'Brien, Tom"];
const TYPES = ['PA', 'PA', 'PA', 'BU', 'RW', 'CB'];
const TENURES = ['FH', 'LH', 'CR', 'OC', 'IN', 'WR'];

function party(index: number) {
  return {
    id: Dataset.id('parties', index),
    name: `${pick(NAMES, index)} ${index}`,
    type: pick(['IN', 'IN', 'CO', 'GR'], index),
    attributes: {
      gender: pick(['f', 'm', null], index),
      age: 18 + (index % 70),
      household_size: 1 + (index % 9),
      languages: [pick(['en', 'pt', 'sw'], index), pick(['fr', 'ar'], index)],
      literate: index % 3 !== 0,
      phone: `+255 ${700000000 + index}`,
      registered_on: `20${10 + (index % 15)}-0${1 + (index % 9)}-1${index % 10}`,
      notes: `Interviewed at home, line ${index}; second visit needed`,
    },
  };
}

function relationship(index: number) {
  return {
    id: Dataset.id('relationships', index),
    party: Dataset.id('parties', index),
    spatial_unit: Dataset.id('locations', index),
    tenure_type: pick(TENURES, index),
    attributes: {
      since: 1950 + (index % 70),
      share: (index % 100) / 100,
      documented: index % 2 === 0,
      document: pick(['deed', 'letter', 'oral', null], index),
      witnesses: [`Witness ${index % 50}`, `Witness ${index % 37}`],
      disputed: index % 11 === 0,
      rent: index % 4 === 0 ? 1200.5 + index : null,
      notes: `Boundary walked with the neighbours, sheet ${index}`,
    },
  };
}

function location(index: number, geometries: Geometries) {
  return {
    type: 'Feature',
    geometry: geometries === 'polygons' ? parcel(index) : anyGeometry(index),
    properties: {
      id: Dataset.id('locations', index),
      type: pick(TYPES, index),
      area: Math.round(40_000 + ((index * 7919) % 100_000)) / 100,
      attributes: {
        quality: pick(['surveyed', 'sketched', 'satellite'], index),
        land_use: [pick(['maize', 'rice', 'fallow'], index), pick(['housing', 'trees'], index)],
        infrastructure: pick(['water', 'power', null], index),
        plot_number: index + 1,
        fenced: index % 2 === 1,
        slope: (index % 300) / 10,
        acquired_how: pick(['Inherited', 'Bought', 'Allocated by the village', 'Leased'], index),
        notes: `Row ${index % 250}, corner stones found on ${index % 5} sides`,
      },
    },
  };
}

const degrees = (value: number) => Math.round(value * 1e7) / 1e7;

/** Lower left corner of a parcel in a grid of 250 columns. */
const corner = (index: number): [number, number] => [
  degrees(36.5 + (index % 250) * 4e-4),
  degrees(-3.25 + Math.floor(index / 250) * 4e-4),
];

/** A closed ring of six corners, counter-clockwise. */
function ring(index: number, size: number): number[][] {
  const [x, y] = corner(index);
  const at = (dx: number, dy: number) => [degrees(x + dx * size), degrees(y + dy * size)];
  return [at(0, 0), at(0.6, -0.02), at(1, 0.05), at(0.97, 1), at(0.5, 1.04), at(0.02, 0.98), at(0, 0)];
}

const parcel = (index: number) => ({ type: 'Polygon', coordinates: [ring(index, 3.6e-4)] });

function anyGeometry(index: number) {
  const [x, y] = corner(index);
  const line = [
    [x, y],
    [degrees(x + 1e-4), degrees(y + 2e-4)],
  ];
  return pick(
    [
      parcel(index),
      { type: 'MultiPolygon', coordinates: [[ring(index, 1e-4)], [ring(index + 250, 1e-4)]] },
      { type: 'Point', coordinates: [x, y] },
      { type: 'LineString', coordinates: line },
      { type: 'MultiPoint', coordinates: line },
      { type: 'MultiLineString', coordinates: [line, ring(index, 1e-4)] },
      null,
    ],
    index,
  );
}
