/** Made-up projects of any size, written in chunks: memory does not grow with the number of parcels. */
import pg from 'pg';
import { GROUP_NAMES, PERSON_NAMES, PLACE_NAMES } from './london-text.js';
import { copyRecords, createProject, LOCATION_COLUMNS, PARTY_COLUMNS, RELATIONSHIP_COLUMNS } from './project-data.js';
import { Random } from './random.js';
import { makeAdministrator, seedUsers } from './seed-samples.js';

/** Records to a COPY: the triggers that count rows keep those of one statement in memory. */
const CHUNK = 20_000;
const CROPS = ['"maize"', '"millet", "beans"', '"rice"', '"कपास"', ''];
const SOURCES = ['well', 'river', 'tap', 'none'];
const TENURE = ['FH', 'LH', 'CU', 'OC'] as const;

export interface GeneratedProject {
  organization: string;
  project: string;
  /** Parcels; as many parties and tenure relationships are made. */
  parcels: number;
}

/** Identifiers in order: an index that is filled in its own order stays small and quick. */
const idOf = (kind: 's' | 'p' | 'r', place: number) => `${kind}${String(place).padStart(9, '0')}`;

/** A closed ring of six corners, counter-clockwise, on a grid so that parcels do not overlap. */
function parcel(place: number, random: Random): string {
  const x = -60 + (place % 2000) * 0.001;
  const y = -20 + Math.floor(place / 2000) * 0.001;
  const corner = (dx: number, dy: number) =>
    `[${(x + dx + random.next() * 0.0001).toFixed(7)}, ${(y + dy + random.next() * 0.0001).toFixed(7)}]`;
  const first = corner(0.0001, 0.0001);
  const others = [
    corner(0.0005, 0.00005),
    corner(0.0008, 0.0002),
    corner(0.00085, 0.0007),
    corner(0.0004, 0.0008),
    corner(0.00005, 0.0005),
  ];
  return `{"type": "Polygon", "coordinates": [[${first}, ${others.join(', ')}, ${first}]]}`;
}

function* locations(from: number, to: number, random: Random) {
  for (let place = from; place < to; place += 1) {
    const attributes =
      `{"name": ${JSON.stringify(`${PLACE_NAMES[place % PLACE_NAMES.length]} ${place}`)}, "crops": [${random.pick(CROPS)}], ` +
      `"value": ${random.int(1_000, 900_000)}.${random.int(10, 99)}, "registered": "20${random.int(10, 24)}-0${random.int(1, 9)}-${random.int(10, 28)}", ` +
      `"floors": ${random.int(0, 4)}, "fenced": ${random.next() < 0.5}, "water": "${random.pick(SOURCES)}", "remarks": ${place % 10 === 0 ? '"line one\\nline \\"two\\""' : 'null'}}`;
    yield {
      id: idOf('s', place),
      type: 'PA',
      area: random.int(4_000, 9_000),
      geometry: parcel(place, random),
      attributes,
    };
  }
}

function* parties(from: number, to: number, random: Random) {
  for (let place = from; place < to; place += 1) {
    const person = place % 20 !== 0;
    const name = person ? PERSON_NAMES[place % PERSON_NAMES.length] : GROUP_NAMES[place % GROUP_NAMES.length];
    const attributes =
      `{"national_id": ${1e15 + place}${random.int(100, 999)}, "born": "19${random.int(40, 99)}-0${random.int(1, 9)}-${random.int(10, 28)}", ` +
      `"phone": "+55 ${random.int(10, 99)} ${random.int(1_000_000, 9_999_999)}", "household": ${random.int(1, 9)}, "literate": ${random.next() < 0.9}, ` +
      `"languages": ["pt", "${random.pick(['en', 'es', 'hi'])}"], "village": ${JSON.stringify(random.pick(PLACE_NAMES))}, "notes": null}`;
    yield { id: idOf('p', place), name: `${name} ${place}`, type: person ? 'IN' : 'GR', attributes };
  }
}

function* relationships(from: number, to: number, random: Random) {
  for (let place = from; place < to; place += 1) {
    const attributes =
      `{"since": "20${random.int(10, 24)}-01-01", "share": 0.${random.int(1, 99)}, "disputed": ${random.next() < 0.05}, ` +
      `"witnesses": ["${random.id().slice(0, 6)}", "${random.id().slice(0, 6)}"], "rent": ${random.int(0, 5_000)}, "paid": ${random.next() < 0.8}, ` +
      `"document": "DOC-${place}", "remarks": ""}`;
    yield {
      id: idOf('r', place),
      party: idOf('p', place),
      spatialUnit: idOf('s', place),
      tenureType: TENURE[place % TENURE.length] as string,
      attributes,
    };
  }
}

/**
 * Makes a project of `parcels` parcels (polygons of six corners), parties and tenure relationships, each with eight
 * attributes, and makes `ana` the administrator of its organization. The same numbers make the same project.
 *
 * Not one transaction: a project that was broken off is there in part, and has to be named when it is asked for again.
 * @returns false where the project was there already with as many parcels; nothing is changed then
 * @throws where it is there with another number
 */
export async function seedGenerated(
  databaseUrl: string,
  wanted: GeneratedProject,
  log: (line: string) => void = () => undefined,
): Promise<boolean> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'parcelpost-seed',
    options: '-c search_path=public',
  });
  await client.connect();
  try {
    await seedUsers(client);
    const projectId = await createProject(client, {
      organization: { slug: wanted.organization, name: wanted.organization },
      slug: wanted.project,
      name: wanted.project,
      description: `${wanted.parcels} made-up parcels`,
      country: 'BR',
      access: 'private',
      schemas: {},
    });
    await makeAdministrator(client, 'ana', wanted.organization);
    if (projectId === undefined) {
      await checkSame(client, wanted);
      return false;
    }
    const random = new Random(wanted.parcels);
    for (let from = 0; from < wanted.parcels; from += CHUNK) {
      const to = Math.min(from + CHUNK, wanted.parcels);
      await copyRecords(client, projectId, LOCATION_COLUMNS, locations(from, to, random));
      await copyRecords(client, projectId, PARTY_COLUMNS, parties(from, to, random));
      await copyRecords(client, projectId, RELATIONSHIP_COLUMNS, relationships(from, to, random));
      log(`${to} of ${wanted.parcels} parcels`);
    }
    log('vacuum and analyze');
    // Pages that are known to be visible to all can be read from the index alone.
    for (const { table } of [LOCATION_COLUMNS, PARTY_COLUMNS, RELATIONSHIP_COLUMNS])
      await client.query(`vacuum (analyze) ${table}`);
    return true;
  } finally {
    await client.end();
  }
}

async function checkSame(client: pg.ClientBase, wanted: GeneratedProject): Promise<void> {
  const { rows } = await client.query(
    `select c.entity, c.n::int from project_counts c join projects p on p.id = c.project_id
     join organizations o on o.id = p.organization_id where o.slug = $1 and p.slug = $2`,
    [wanted.organization, wanted.project],
  );
  const counts = new Map(rows.map((row) => [row.entity as string, row.n as number]));
  const there = (['locations', 'parties', 'relationships'] as const).map((entity) => counts.get(entity) ?? 0);
  if (there.some((count) => count !== wanted.parcels)) {
    throw new Error(
      `${wanted.organization}/${wanted.project} is there already, with ${there[0]} parcels, ${there[1]} parties and ${there[2]} relationships; give another name by --project`,
    );
  }
}
