/** What infra/sql documents as allowed, and what a role finds that it may do when it tries. */
import { sqlFile } from '@parcelpost/infra/database/sql-files.js';
import type pg from 'pg';

export const VERBS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'] as const;
export type Verb = (typeof VERBS)[number];
/** For each verb that is allowed: every column (`*`), or these; the verbs of a whole table have `*`. */
export type Allowed = Partial<Record<Verb, '*' | string[]>>;

const OF_COLUMNS: readonly Verb[] = ['SELECT', 'INSERT', 'UPDATE'];

/**
 * The lists of grants.sql or queue-grants.sql: each table that a role's lines name.
 * @throws {Error} at a line that cannot be read
 */
export function documented(file: 'grants.sql' | 'queue-grants.sql', role: string): Map<string, Allowed> {
  const tables = new Map<string, Allowed>();
  const queues = file === 'queue-grants.sql';
  // In queue-grants.sql schema and role are put in; what is granted there is granted to both roles.
  const line = queues
    ? /'(grant|revoke) ([^']*?) on %I\.(\w+) (?:to|from) %I'/g
    : new RegExp(`^ *(grant|revoke) (.*) on (\\w+) (?:to|from) ${role};$`, 'gm');
  for (const [text, verb, what = '', table = ''] of sqlFile(file).matchAll(line)) {
    const allowed = tables.get(table) ?? {};
    tables.set(table, allowed);
    if (verb === 'revoke') continue;
    for (const [, word = '', columns] of what.matchAll(/(\w+)(?: \(([^)]*)\))?(?:, |$)/g)) {
      const name = VERBS.find((one) => one === word.toUpperCase());
      if (!name) throw new Error(`this line cannot be read: ${text}`);
      const before = allowed[name];
      if (columns === undefined) allowed[name] = '*';
      else if (before !== '*') allowed[name] = [...(before ?? []), ...columns.split(', ')].toSorted();
    }
  }
  return tables;
}

export interface Table {
  name: string;
  columns: string[];
  /** Of the primary key, with their types. */
  key: { name: string; type: string }[];
}

/** The tables and views of a schema. */
export async function tablesOf(client: pg.Client, schema: string): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.relname as name,
       array(select attname::text from pg_attribute a
         where a.attrelid = c.oid and attnum > 0 and not attisdropped order by attnum) as columns,
       coalesce((select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)))
         from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
         where i.indrelid = c.oid and i.indisprimary), '[]') as key
     from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm') order by 1`,
    [schema],
  );
  return rows;
}

/**
 * Tries every verb on a table by statements that change nothing, as whoever is connected.
 * @param scratch a schema in which tables may be made, where the right to refer to others shows
 */
export async function tried(client: pg.Client, schema: string, table: Table, scratch: string): Promise<Allowed> {
  const name = `"${schema}"."${table.name}"`;
  const key = table.key.map((column) => `"${column.name}"`).join(', ');
  const ofColumns = (verb: Verb, columns: readonly string[]) => {
    const quoted = columns.map((column) => `"${column}"`);
    return {
      SELECT: `select ${quoted.join(', ')} from ${name} limit 0`,
      INSERT: `insert into ${name} (${quoted.join(', ')}) values (${quoted.map(() => 'default').join(', ')})`,
      UPDATE: `update ${name} set ${quoted.map((column) => `${column} = default`).join(', ')} where false`,
    }[verb as 'SELECT'];
  };
  const ofTable: Partial<Record<Verb, string>> = {
    DELETE: `delete from ${name} where false`,
    TRUNCATE: `truncate ${name}`,
    REFERENCES: `create table ${scratch}.referring (${table.key.map((column) => `"${column.name}" ${column.type}, `).join('')}
      foreign key (${key}) references ${name} (${key}))`,
    TRIGGER: `create trigger tried before insert on ${name} for each row
      execute function suppress_redundant_updates_trigger()`,
    MAINTAIN: `reindex table ${name}`,
  };
  const allowed: Allowed = {};
  for (const verb of VERBS) {
    if (OF_COLUMNS.includes(verb)) {
      if (await isAllowed(client, ofColumns(verb, table.columns))) {
        allowed[verb] = '*';
        continue;
      }
      const columns: string[] = [];
      for (const column of table.columns) if (await isAllowed(client, ofColumns(verb, [column]))) columns.push(column);
      if (columns.length > 0) allowed[verb] = columns.toSorted();
    } else if (await isAllowed(client, ofTable[verb] as string)) {
      allowed[verb] = '*';
    }
  }
  return allowed;
}

/** SQLSTATE `insufficient_privilege` */
const DENIED = '42501';
/** Where PostgreSQL refuses, with that state, a row that a policy forbids to who may write to the table. */
const BY_POLICY = 'ExecWithCheckOptions';

/**
 * Whether a statement is refused for want of a right to the table or column, or not; it may fail of something else, such as
 * what its row holds. Nothing of it stays.
 */
export async function isAllowed(client: pg.Client, statement: string): Promise<boolean> {
  try {
    await client.query(`begin; ${statement}; rollback`);
    return true;
  } catch (error) {
    await client.query('rollback');
    const { code, routine } = error as { code?: string; routine?: string };
    return code !== DENIED || routine === BY_POLICY;
  }
}
