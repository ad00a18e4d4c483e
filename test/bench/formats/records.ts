/** The records that the formats are measured with: made up by a seeded generator, the same at every run. */
import { GROUP_NAMES, PERSON_NAMES, PLACE_NAMES } from '@parcelpost/infra/samples/london-text.js';
import { Random } from '@parcelpost/infra/samples/random.js';
import type { Entity } from '@parcelpost/shared/records.js';
import type { Feature, Polygon } from 'geojson';

/** A parcel's corners; its ring has one position more, which closes it. */
export const VERTICES = 12;

/** Parcels to a resource. */
export const PARCELS_OF_RESOURCE = 100;

/** A record as the platform's API answers it, and as a feature whose properties are its columns. */
export interface MadeRecord {
  answer: unknown;
  feature: Feature;
}

/** How many records of an entity a project of so many parcels has. */
export function countOf(entity: Entity, parcels: number): number {
  return entity === 'resources' ? Math.ceil(parcels / PARCELS_OF_RESOURCE) : parcels;
}

/** The records of one entity, in their order; one more does not change those before it. */
export function* madeRecords(entity: Entity, count: number): Generator<MadeRecord, void, undefined> {
  const random = new Random(SEEDS[entity]);
  for (let place = 0; place < count; place++) yield MAKERS[entity](place, random);
}

const SEEDS: Record<Entity, number> = { relationships: 1, parties: 2, locations: 3, resources: 4 };

const MAKERS: Record<Entity, (place: number, random: Random) => MadeRecord> = {
  relationships: relationship,
  parties: party,
  locations: location,
  resources: resource,
};

/** As the platform makes them, 24 letters and digits; which one is told by its place, so that records can name others. */
const idOf = (entity: Entity, place: number) =>
  ((place + 1) * 2_654_435_761 * (SEEDS[entity] + 1)).toString(36).padStart(12, 'k').slice(-12) +
  place.toString(36).padStart(12, 'z');

function location(place: number, random: Random): MadeRecord {
  const fixed = {
    id: idOf('locations', place),
    type: random.pick(['PA', 'PA', 'PA', 'BU', 'RW', 'CB']),
    area: random.int(400_000, 900_000) / 100,
  };
  const attributes = {
    name: `${random.pick(PLACE_NAMES)} ${place}`,
    crops: random.pick([['maize'], ['millet', 'beans'], ['rice'], ['कपास']]),
    value: random.int(100_000, 90_000_000) / 100,
    registered: date(random, 2010),
    floors: random.int(0, 4),
    fenced: random.next() < 0.5,
    water: random.pick(['well', 'river', 'tap', 'none']),
    remarks: place % 10 === 0 ? 'line one\nline "two"' : 'Corner stones found on all sides, but one',
  };
  const geometry = parcel(place, random);
  return {
    answer: { type: 'Feature', geometry, properties: { ...fixed, attributes } },
    feature: { type: 'Feature', geometry, properties: { ...fixed, ...attributes } },
  };
}

/** A closed ring around the middle of a field of a grid, counter-clockwise, so that no two parcels overlap. */
function parcel(place: number, random: Random): Polygon {
  const x = 36.5 + (place % 1000) * 0.001;
  const y = -3.25 + Math.floor(place / 1000) * 0.001;
  const ring: number[][] = [];
  for (let corner = 0; corner < VERTICES; corner++) {
    const angle = (2 * Math.PI * corner) / VERTICES;
    const reach = 0.0003 + 0.00015 * random.next();
    ring.push([degrees(x + reach * Math.cos(angle)), degrees(y + reach * Math.sin(angle))]);
  }
  ring.push(ring[0] as number[]);
  return { type: 'Polygon', coordinates: [ring] };
}

/** A centimetre is less than a ten-millionth of a degree. */
const degrees = (value: number) => Math.round(value * 1e7) / 1e7;

const date = (random: Random, from: number) =>
  `${random.int(from, from + 14)}-0${random.int(1, 9)}-${random.int(10, 28)}`;

function party(place: number, random: Random): MadeRecord {
  const person = place % 20 !== 0;
  return flat(
    {
      id: idOf('parties', place),
      name: `${random.pick(person ? PERSON_NAMES : GROUP_NAMES)} ${place}`,
      type: person ? 'IN' : 'GR',
    },
    {
      national_id: 100_000_000_000_000 + place * 1000 + random.int(0, 999),
      born: date(random, 1950),
      phone: `+55 ${random.int(10, 99)} ${random.int(1_000_000, 9_999_999)}`,
      household: random.int(1, 9),
      literate: random.next() < 0.9,
      languages: ['pt', random.pick(['en', 'es', 'hi'])],
      village: random.pick(PLACE_NAMES),
      notes: null,
    },
  );
}

function relationship(place: number, random: Random): MadeRecord {
  const [id, party, unit] = [idOf('relationships', place), idOf('parties', place), idOf('locations', place)];
  const tenure = random.pick(['FH', 'LH', 'CU', 'OC']);
  const attributes = {
    since: date(random, 2010),
    share: random.int(1, 99) / 100,
    disputed: random.next() < 0.05,
    witnesses: [random.pick(PERSON_NAMES), random.pick(PERSON_NAMES)],
    rent: random.int(0, 5_000),
    paid: random.next() < 0.8,
    document: `DOC-${place}`,
    remarks: 'Boundary walked with the neighbours; a second visit is needed',
  };
  return {
    answer: { id, party, spatial_unit: unit, tenure_type: tenure, attributes },
    feature: feature({ id, party_id: party, spatial_unit_id: unit, tenure_type: tenure, ...attributes }),
  };
}

function resource(place: number, random: Random): MadeRecord {
  const links = [{ id: idOf('locations', place * PARCELS_OF_RESOURCE), type: 'spatialunit' }];
  const fixed = {
    id: idOf('resources', place),
    name: `Deed ${place}`,
    description: random.pick(['Scanned at the land office', 'Photographed in the field', '']),
    original_file: `deed-${place % 1000}.pdf`,
    mime_type: 'application/pdf',
    archived: false,
  };
  return {
    answer: { ...fixed, file: `https://files.example/${place}`, links },
    feature: feature({ ...fixed, locations: links[0]?.id }),
  };
}

function flat(fixed: Record<string, unknown>, attributes: Record<string, unknown>): MadeRecord {
  return { answer: { ...fixed, attributes }, feature: feature({ ...fixed, ...attributes }) };
}

/** Tables without geometries are features to GDAL too. */
const feature = (properties: Record<string, unknown>): Feature =>
  ({ type: 'Feature', geometry: null, properties }) as unknown as Feature;
