/** Who may do what with the database: each role tries everything, and may do what infra/sql says, no more and no less. */
import { makeQueues, migrateAll } from '@parcelpost/infra/database/migrate-all.js';
import { makeRoles, type Role } from '@parcelpost/infra/database/roles.js';
import { sqlFile } from '@parcelpost/infra/database/sql-files.js';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { uniquePrefix } from '../support/engines.js';
import { type Allowed, documented, isAllowed, type Table, tablesOf, tried } from '../support/granted.js';
import { plantExport } from '../support/planted.js';

const SCRATCH = 'scratch';
let database: TestDatabase;
let queues: string;
const clients = new Map<Role, pg.Client>();
const as = (role: Role) => clients.get(role) as pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  queues = uniquePrefix();
  await makeQueues(database.url, queues);
  for (const role of ['owner', 'producer', 'worker'] as const) {
    const client = new pg.Client({ connectionString: database.urls[role] });
    await client.connect();
    clients.set(role, client);
  }
});
afterAll(async () => {
  for (const client of clients.values()) await client.end();
  await database?.drop();
});

/** What a role may do with each table of a schema, as it finds out itself. */
async function triedAll(role: Role, schema: string): Promise<Record<string, Allowed>> {
  const tables = await tablesOf(as('owner'), schema);
  await as('owner').query(`create schema ${SCRATCH}; grant usage, create on schema ${SCRATCH} to parcelpost_${role}`);
  try {
    const found: Record<string, Allowed> = {};
    for (const table of tables) found[table.name] = await tried(as(role), schema, table, SCRATCH);
    return found;
  } finally {
    await as('owner').query(`drop schema ${SCRATCH} cascade`);
  }
}

const namesOf = (tables: readonly Table[]) => tables.map(({ name }) => name).toSorted();

describe.each(['producer', 'worker'] as const)('parcelpost_%s', (role) => {
  it('has a line in grants.sql for every table there is', async () => {
    const named = [...documented('grants.sql', `parcelpost_${role}`).keys()].toSorted();
    expect(named).toEqual(namesOf(await tablesOf(as('owner'), 'public')));
  });

  it('may do with the tables what grants.sql lists, and nothing else', async () => {
    const listed = Object.fromEntries(documented('grants.sql', `parcelpost_${role}`));
    expect(await triedAll(role, 'public')).toEqual(listed);
  });

  it('has a line in queue-grants.sql for every table of the queues, and may do what that says', async () => {
    const listed = Object.fromEntries(documented('queue-grants.sql', `parcelpost_${role}`));
    expect(await triedAll(role, queues)).toEqual(listed);
  });

  it.each([
    'create table mine (id int)',
    'create temporary table mine (id int)',
    'create view mine as select 1 as one',
    'create function mine() returns int language sql as $$ select 1 $$',
    'create schema mine',
    'create sequence mine',
    "create type mine as enum ('a')",
    'create extension hstore',
    'create role mine',
    'alter table exports add column mine int',
    'alter table exports owner to current_user',
    'alter table exports disable trigger all',
    'drop table exports',
    'drop index exports_open',
    "comment on table exports is 'mine'",
    'create index mine on exports (id)',
    'create rule mine as on insert to exports do nothing',
    'alter role parcelpost_owner password null',
    'alter role current_user superuser',
    'set role parcelpost_owner',
    'set session authorization parcelpost_owner',
    'grant parcelpost_owner to current_user',
    'grant select on users to current_user with grant option',
    'alter default privileges for role parcelpost_owner grant select on tables to current_user',
    'alter schema public rename to theirs',
    "copy exports to '/tmp/mine'",
    "copy exports to program 'true'",
    "select pg_read_file('/etc/hostname')",
    "select setval('refused_jobs_id_seq', 1)",
    "select nextval('refused_jobs_id_seq')",
    'select rolpassword from pg_authid',
    'select count_inserted()',
  ])('may not %s', async (statement) => {
    // The producer reads users, and so is told off in another way; it may not pass its right on either.
    if (role === 'producer' && statement.startsWith('grant select on users')) {
      await as(role).query('grant select on users to parcelpost_worker');
      expect(await isAllowed(as('worker'), 'select from users')).toBe(false);
      return;
    }
    expect(await isAllowed(as(role), statement)).toBe(false);
  });

  it.each(["alter system set work_mem = '1GB'", 'create database mine'])('may not %s', async (statement) => {
    // None of these runs in a transaction.
    await expect(as(role).query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('is nobody special, and no member of another role', async () => {
    const { rows } = await as('owner').query(
      `select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as special,
         array(select roleid::regrole::text from pg_auth_members where member = r.oid) as of
       from pg_roles r where rolname = $1`,
      [`parcelpost_${role}`],
    );
    expect(rows).toEqual([{ special: false, of: [] }]);
  });
});

describe('parcelpost_worker', () => {
  it.each(['parties', 'spatial_units', 'tenure_relationships', 'resources', 'users', 'memberships', 'projects'])(
    'reads nothing of %s',
    async (table) => {
      await expect(as('worker').query(`select count(*) from ${table}`)).rejects.toMatchObject({ code: '42501' });
    },
  );

  it('cannot make an export somebody else’s, nor have other follow-ups called than were asked for', async () => {
    const id = await plantExport(database.db);
    const set = (table: string, change: string) =>
      as('worker').query(`update ${table} set ${change} where ${table === 'exports' ? 'id' : 'export_id'} = $1`, [id]);
    for (const change of ["requester_id = 'eve'", "project = 'other'", 'generation = 2', "on_success = '[]'"]) {
      await expect(set('exports', change)).rejects.toMatchObject({ code: '42501' });
    }
    for (const change of ["args = '{}'", "task = 'webhook.post'", "mac = ''", "place = 'onSuccess/0'"]) {
      await expect(set('outbox', change)).rejects.toMatchObject({ code: '42501' });
    }
    expect((await set('exports', "phase = 'reading'")).rowCount).toBe(1);
  });

  it('locks no table', async () => {
    expect(await isAllowed(as('worker'), 'lock table exports in share mode')).toBe(false);
    expect(await isAllowed(as('worker'), 'lock table outbox in access exclusive mode')).toBe(false);
  });
});

describe('the list', () => {
  it('takes back at the next migration what was granted beside it', async () => {
    const allowed = () => isAllowed(as('worker'), 'select from users');
    await as('owner').query('grant select on users to parcelpost_worker; grant select on parties to public');
    expect(await allowed()).toBe(true);
    const where = { databaseUrl: database.url, queueUrl: database.url, queuePrefix: queues };
    await Promise.all([migrateAll(where), migrateAll(where)]);
    expect(await allowed()).toBe(false);
    expect(await isAllowed(as('worker'), 'select from parties')).toBe(false);
    expect(await isAllowed(as('producer'), 'select from parties')).toBe(true);
  });

  it('passes over roles that do not exist', async () => {
    const { rows } = await as('owner').query(`select to_regrole('nowhere_worker') as role`);
    expect(rows).toEqual([{ role: null }]);
    for (const file of ['grants.sql', 'queue-grants.sql'] as const) {
      await as('owner').query(`select set_config('parcelpost.queue_schema', $1, false)`, [queues]);
      await as('owner').query(sqlFile(file).replaceAll('parcelpost_', 'nowhere_'));
    }
    // And what it says of those that do, it says again.
    await migrateAll({ databaseUrl: database.url, queueUrl: database.url, queuePrefix: queues });
    expect(await isAllowed(as('worker'), 'select from exports')).toBe(true);
  });
});

describe('an installation of one user for all', () => {
  it('is handed over to the roles, with its data and its queues', async () => {
    const name = `${inject('runId')}_before`;
    const admin = new pg.Client({ connectionString: inject('adminDatabaseUrl') });
    await admin.connect();
    await admin.query(`create database ${name}`);
    const url = Object.assign(new URL(inject('adminDatabaseUrl')), { pathname: `/${name}` }).href;
    const before = openDatabase(url, { max: 1 });
    try {
      await migrateAll({ databaseUrl: url, queueUrl: url, queuePrefix: 'theirs' });
      const id = await plantExport(before);
      for (let round = 0; round < 2; round += 1) {
        const urls = await makeRoles(url, inject('rolePasswords'), 'theirs');
        const where = { databaseUrl: urls.owner, queueUrl: urls.owner, queuePrefix: 'theirs' };
        expect(await migrateAll(where)).toEqual([]);
        const worker = openDatabase(urls.worker, { max: 1 });
        try {
          expect(await worker('exports').where({ id }).update({ phase: 'reading' })).toBe(1);
          expect(await worker('theirs.job').select()).toEqual([]);
          await expect(worker('users').select()).rejects.toMatchObject({ code: '42501' });
        } finally {
          await worker.destroy();
        }
      }
      const { rows } = await before.raw(
        `select distinct relowner::regrole::text as owner from pg_class
         where relnamespace in ('public'::regnamespace, 'theirs'::regnamespace)`,
      );
      expect(rows).toEqual([{ owner: 'parcelpost_owner' }]);
    } finally {
      await before.destroy();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    }
  });
});
