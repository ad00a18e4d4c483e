import type { Storage } from '@parcelpost/shared/storage/storage.js';
import pg from 'pg';
import { counties } from './counties.js';
import { london, londonNeighbour } from './london.js';
import { ensureOrganization, type SampleProject, writeProject } from './project-data.js';

const PROJECTS = {
  'us-census/counties': counties,
  'cadasta/london-2': london,
  'cadasta/london-20': londonNeighbour,
} as const;
export type SampleName = keyof typeof PROJECTS;
const SAMPLE_PROJECTS = Object.keys(PROJECTS) as SampleName[];

const USERS = [
  { username: 'ana', name: 'Ana Souza' },
  { username: 'ben', name: 'Ben Okafor' },
  { username: 'eve', name: 'Eve Martin' },
] as const;

/**
 * Writes the sample users and projects into a migrated database: `ana` administers the organizations us-census and
 * cadasta, `ben` is a user of the project cadasta/london-2 alone, `eve` belongs nowhere. What is there already is left
 * as it is.
 * @param storage where the files of their resources are put: that of the producer which is to serve them
 * @param options.projects which projects (default: all)
 * @returns the projects that were new
 */
export async function seedSamples(
  databaseUrl: string,
  storage: Storage,
  options: { projects?: readonly SampleName[] } = {},
): Promise<SampleName[]> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'parcelpost-seed',
    options: '-c search_path=public',
  });
  await client.connect();
  try {
    // Two seeds at once would meet in the same rows; the lock ends with the connection.
    await client.query(`select pg_advisory_lock(hashtext('parcelpost.samples'))`);
    const made: SampleName[] = [];
    for (const name of options.projects ?? SAMPLE_PROJECTS) {
      if (await exists(client, name)) continue;
      const project: SampleProject = PROJECTS[name]();
      if (await writeProject(client, project, storage)) made.push(name);
    }
    await seedUsers(client);
    if (made.length > 0) await client.query('analyze');
    return made;
  } finally {
    await client.end();
  }
}

async function exists(client: pg.ClientBase, name: SampleName): Promise<boolean> {
  const { rowCount } = await client.query(
    'select 1 from projects p join organizations o on o.id = p.organization_id where o.slug = $1 and p.slug = $2',
    name.split('/'),
  );
  return rowCount === 1;
}

/** Writes the sample users and their memberships of what sample projects there are. */
export async function seedUsers(client: pg.ClientBase): Promise<void> {
  await ensureOrganization(client, { slug: 'us-census', name: 'US Census Bureau' });
  await ensureOrganization(client, { slug: 'cadasta', name: 'Cadasta Foundation' });
  for (const { username, name } of USERS) {
    await client.query(
      'insert into users (username, name, email) values ($1, $2, $3) on conflict (username) do nothing',
      [username, name, `${username}@example.org`],
    );
  }
  for (const organization of ['us-census', 'cadasta']) await makeAdministrator(client, 'ana', organization);
  await client.query(
    `insert into memberships (user_id, organization_id, project_id, role)
     select u.id, o.id, p.id, 'project_user'
     from users u, organizations o join projects p on p.organization_id = o.id
     where u.username = 'ben' and o.slug = 'cadasta' and p.slug = 'london-2'
     on conflict do nothing`,
  );
}

/** Makes a user the administrator of an organization, if both exist. */
export async function makeAdministrator(client: pg.ClientBase, username: string, organization: string): Promise<void> {
  await client.query(
    `insert into memberships (user_id, organization_id, role)
     select u.id, o.id, 'administrator' from users u, organizations o where u.username = $1 and o.slug = $2
     on conflict do nothing`,
    [username, organization],
  );
}
