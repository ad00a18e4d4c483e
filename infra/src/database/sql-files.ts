import { readFileSync } from 'node:fs';

/** The text of a file of infra/sql. */
export function sqlFile(name: 'roles.sql' | 'grants.sql' | 'queue-grants.sql'): string {
  return readFileSync(new URL(`../../sql/${name}`, import.meta.url), 'utf8');
}
