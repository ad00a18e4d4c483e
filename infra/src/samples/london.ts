/** `cadasta/london-2`: made up, small, and as difficult as real data gets; and its neighbour `cadasta/london-20`. */
import { londonGeometry } from './london-geometry.js';
import { GROUP_NAMES, NUMBERS, PERSON_NAMES, PLACE_NAMES, REMARKS } from './london-text.js';
import type { JsonText, SampleProject, SampleResource } from './project-data.js';
import { Random } from './random.js';
import { jpeg, mp3, pdf, png, rtf } from './sample-files.js';

const CADASTA = { slug: 'cadasta', name: 'Cadasta Foundation' };
const LOCATION_TYPES = ['PA', 'BU', 'AP', 'CB', 'RW', 'UC', 'NP', 'MI', 'PX', 'ZZ', 'समुदाय'] as const;
const TENURE_TYPES = ['FH', 'LH', 'CU', 'OC', 'JT', 'WR', 'XX'] as const;
const LOCATIONS = 360;
const PARTIES = 150;
const RELATIONSHIPS = 420;

/** An object as JSON, from members that are JSON already: numbers keep every digit, and any key may be given. */
function json(members: Record<string, JsonText | undefined>): JsonText {
  const given = Object.entries(members).filter((member): member is [string, JsonText] => member[1] !== undefined);
  return `{${given.map(([key, value]) => `${JSON.stringify(key)}: ${value}`).join(', ')}}`;
}
const text = (value: unknown): JsonText => JSON.stringify(value);
/** The value at this place, the list taken round and round. */
const turn = <T>(of: readonly T[], place: number): T => of[place % of.length] as T;

function locationAttributes(place: number, type: string, random: Random): JsonText {
  if (place % 23 === 22) return '{}';
  const building = type === 'BU' || type === 'AP';
  return json({
    name: text(turn(PLACE_NAMES, place)),
    remarks: text(turn(REMARKS, place)),
    id: text(`plot ${place}`),
    value: turn(NUMBERS, place),
    floors: building ? text(random.int(1, 30)) : undefined,
    lift: building ? text(place % 2 === 0) : undefined,
    crops: place % 5 === 0 ? 'null' : text(['millet', 'sorghum, red', 'कपास', '"maize"'].slice(0, place % 5)),
    readings: place % 4 === 0 ? '[1, 2.50, null, 9007199254740993, true]' : undefined,
    water: place % 6 === 0 ? '{"source": "well", "distances": [12, 40.5], "quality": {"ph": 7.20}}' : undefined,
    '=total': text(place),
    'a.b': place % 7 === 0 ? text('a dot in the name') : undefined,
    // Neither in the form nor anywhere near the beginning: still a column.
    'seen late': place === LOCATIONS - 1 ? text('last record') : undefined,
  });
}

function partyAttributes(place: number, type: string): JsonText {
  return json({
    // Identity numbers past 2^53 are why numbers keep every digit.
    national_id: type === 'IN' ? String(900_719_925_474_099_000n * 10n + BigInt(place)) : undefined,
    born: type === 'IN' && place % 3 !== 0 ? text(`19${30 + (place % 70)}-0${1 + (place % 9)}-15`) : undefined,
    members: type === 'GR' ? text(place * 3) : undefined,
    languages: text(['en', 'ru', 'ar', 'hi', 'zh'].slice(0, place % 6)),
    type: text('an attribute called type'),
    name: place % 10 === 0 ? text(null) : undefined,
    notes: text(turn(REMARKS, place + 3)),
  });
}

function relationshipAttributes(place: number): JsonText {
  return json({
    since: place % 4 === 0 ? 'null' : text(`20${10 + (place % 15)}-01-31`),
    witnesses: text([turn(PERSON_NAMES, place), turn(PERSON_NAMES, place + 5)].slice(0, place % 3)),
    share: turn(['0.5', '1', '0.333333333333333333333', '2e-3'], place),
    party_id: place % 9 === 0 ? text('an attribute with a fixed name') : undefined,
    remarks: text(turn(REMARKS, place + 7)),
  });
}

/** Made with `seed`: the same at every run. */
export function london(): SampleProject {
  const random = new Random(2);
  const locations = Array.from({ length: LOCATIONS }, (_, place) => {
    const type = turn(LOCATION_TYPES, place);
    const geometry = londonGeometry(place, random);
    return {
      id: random.id(),
      type,
      area: place % 8 === 7 ? null : Math.round(random.next() * 1e6) / 100,
      geometry: geometry && JSON.stringify(geometry),
      attributes: locationAttributes(place, type, random),
    };
  });
  const parties = Array.from({ length: PARTIES }, (_, place) => {
    const type = turn(['IN', 'IN', 'IN', 'CO', 'GR'], place);
    const names = type === 'IN' ? PERSON_NAMES : GROUP_NAMES;
    return { id: random.id(), name: `${turn(names, place)} ${place}`, type, attributes: partyAttributes(place, type) };
  });
  const relationships = Array.from({ length: RELATIONSHIPS }, (_, place) => ({
    id: random.id(),
    party: turn(parties, place).id,
    spatialUnit: turn(locations, place).id,
    tenureType: turn(TENURE_TYPES, place),
    attributes: relationshipAttributes(place),
  }));
  return {
    organization: CADASTA,
    slug: 'london-2',
    name: 'London 2: Лондон, لندن, लंदन, 伦敦',
    description: 'Made up: every geometry type, five scripts of text, and values that break careless software',
    country: 'GB',
    access: 'private',
    schemas: {
      spatialunit: [
        { name: 'name', label: 'Name of the place', type: 'text' },
        { name: 'id', label: 'Number of the plot', type: 'text' },
        { name: 'floors', label: 'Floors', type: 'integer', when: { type: ['BU', 'AP'] } },
        { name: 'lift', label: 'Is there a lift?', type: 'boolean', when: { type: ['BU', 'AP'] } },
        { name: 'crops', label: 'फ़सलें (crops)', type: 'select_multiple', when: { type: ['PA'] } },
        { name: 'value', label: 'Value', type: 'decimal' },
        { name: 'remarks', label: 'Remarks', type: 'text' },
        { name: 'surveyor', label: 'Surveyor (never answered)', type: 'text' },
      ],
      party: [
        { name: 'national_id', label: 'Identity number', type: 'integer', when: { type: ['IN'] } },
        { name: 'born', label: 'Day of birth', type: 'date', when: { type: ['IN'] } },
        { name: 'members', label: 'Members', type: 'integer', when: { type: ['GR'] } },
        { name: 'languages', label: 'Languages', type: 'select_multiple' },
        { name: 'notes', label: 'Notes', type: 'text' },
      ],
      tenurerelationship: [
        { name: 'since', label: 'Since', type: 'date' },
        { name: 'share', label: 'Share', type: 'decimal' },
        { name: 'witnesses', label: 'Witnesses', type: 'select_multiple' },
      ],
    },
    locations: () => locations,
    parties: () => parties,
    relationships: () => relationships,
    resources: () =>
      londonResources(random, {
        spatialunit: locations.map(({ id }) => id),
        party: parties.map(({ id }) => id),
        tenurerelationship: relationships.map(({ id }) => id),
      }),
  };
}

const RESOURCE_FILES = [
  { name: 'Deed', file: 'deed.pdf', mimeType: 'application/pdf', content: () => pdf('Deed of the plot') },
  {
    name: 'Deed, second copy',
    file: 'DEED.pdf',
    mimeType: 'application/pdf',
    content: () => pdf('Deed (second copy)'),
  },
  { name: 'Фотография дома', file: 'дом.jpg', mimeType: 'image/jpeg', content: jpeg },
  { name: 'नक्शा', file: 'नक्शा.png', mimeType: 'image/png', content: () => png() },
  {
    name: 'Field notes',
    file: '../field notes.rtf',
    mimeType: 'application/rtf',
    content: () => rtf(`${PLACE_NAMES.join('\n')}\n{sic}`),
  },
  { name: '访谈录音', file: '访谈.mp3', mimeType: 'audio/mpeg', content: () => mp3() },
  {
    name: 'Survey "2019"',
    file: 'C:\\survey\\2019.csv',
    mimeType: 'text/csv',
    content: () => Buffer.from(`plot,place\r\n${PLACE_NAMES.map((place, i) => `${i},"${place}"\r\n`).join('')}`),
  },
  { name: 'عقد', file: 'عقد.pdf', mimeType: 'application/pdf', content: () => pdf('Contract of sale') },
  {
    name: 'Draft, archived',
    file: 'draft.txt',
    mimeType: 'text/plain',
    content: () => Buffer.from('Of no use any more.\n'),
  },
  {
    name: 'Nothing links here',
    file: 'README.txt',
    mimeType: 'text/plain',
    content: () => Buffer.from('A file that has the name of one of ours.\n'),
  },
];

function londonResources(
  random: Random,
  targets: Record<SampleResource['links'][number]['type'], string[]>,
): SampleResource[] {
  const types = Object.keys(targets) as (keyof typeof targets)[];
  return RESOURCE_FILES.map(({ name, file, mimeType, content }, place) => {
    const id = random.id();
    return {
      id,
      name,
      description: place % 2 === 0 ? '' : `${name}, handed in by its owner`,
      content: content(),
      originalFile: file,
      mimeType,
      archived: name.endsWith('archived'),
      links:
        file === 'README.txt'
          ? []
          : types.slice(0, 1 + (place % 3)).map((type) => ({ type, id: turn(targets[type], place) })),
    };
  });
}

/** The neighbour whose name begins like that of `london-2`: what opens the one must not open the other. */
export function londonNeighbour(): SampleProject {
  const random = new Random(20);
  const locations = Array.from({ length: 5 }, (_, place) => ({
    id: random.id(),
    type: 'PA',
    area: 100 + place,
    geometry: JSON.stringify({ type: 'Point', coordinates: [-0.1 + place / 100, 51.5] }),
    attributes: json({ secret: text(`not for london-2, ${place}`) }),
  }));
  const parties = Array.from({ length: 5 }, (_, place) => ({
    id: random.id(),
    name: turn(PERSON_NAMES, place),
    type: 'IN',
    attributes: '{}',
  }));
  return {
    organization: CADASTA,
    slug: 'london-20',
    name: 'London 20',
    description: 'A neighbour of london-2',
    country: 'GB',
    access: 'private',
    schemas: {},
    locations: () => locations,
    parties: () => parties,
    relationships: () =>
      locations.map(({ id }, place) => ({
        id: `${id}-1`,
        party: turn(parties, place).id,
        spatialUnit: id,
        tenureType: 'FH',
        attributes: '{}',
      })),
    resources: () => [],
  };
}
