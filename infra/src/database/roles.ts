/** The roles of the database (infra/sql/roles.sql) for clusters of our own: made, with passwords that nobody chose. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { sqlFile } from './sql-files.js';

export const ROLES = ['owner', 'producer', 'worker'] as const;
/** Who connects: migrations (`owner`), the producer and the operator's commands, the workers. */
export type Role = (typeof ROLES)[number];
/** Something of each role: its password, its address of a database. */
export type OfRoles = Record<Role, string>;

/** Passwords that nobody has yet. */
export function newPasswords(): OfRoles {
  const password = () => randomBytes(24).toString('base64url');
  return { owner: password(), producer: password(), worker: password() };
}

/**
 * The passwords that are kept beside a cluster, in `<folder>/roles.json` for nobody but the file's owner to read; made at the
 * first call. Throws when that file is not what was written.
 */
export function keptPasswords(folder: string): OfRoles {
  const file = join(folder, 'roles.json');
  if (existsSync(file)) {
    try {
      const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<OfRoles>;
      if (ROLES.every((role) => typeof kept[role] === 'string')) return kept as OfRoles;
    } catch {
      // Said below.
    }
    throw new Error(`${file} holds no passwords of the database's roles; remove it, and new ones will be made`);
  }
  const made = newPasswords();
  const beside = `${file}.${process.pid}`;
  try {
    writeFileSync(beside, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
    renameSync(beside, file);
  } finally {
    rmSync(beside, { force: true });
  }
  return made;
}

/**
 * Makes the roles where they are missing, sets their passwords, and hands the database over to its owner. Harmless to repeat.
 * @param adminUrl the database, as a user who may make roles
 * @param queueSchema schema of the queues, where PostgreSQL has carried some so far
 * @returns the database's address for each role
 */
export async function makeRoles(adminUrl: string, passwords: OfRoles, queueSchema = 'parcelpost'): Promise<OfRoles> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'parcelpost-roles' });
  await client.connect();
  try {
    const settings = { queue_schema: queueSchema } as Record<string, string>;
    for (const role of ROLES) settings[`${role}_password`] = passwords[role];
    await client.query(
      `select set_config('parcelpost.' || name, value, false) from unnest($1::text[], $2::text[]) as given (name, value)`,
      [Object.keys(settings), Object.values(settings)],
    );
    await client.query(sqlFile('roles.sql'));
  } finally {
    await client.end();
  }
  return roleUrls(adminUrl, passwords);
}

/** A database's address for each role. */
export function roleUrls(url: string, passwords: OfRoles): OfRoles {
  const as = (role: Role) =>
    Object.assign(new URL(url), { username: `parcelpost_${role}`, password: passwords[role] }).href;
  return { owner: as('owner'), producer: as('producer'), worker: as('worker') };
}
