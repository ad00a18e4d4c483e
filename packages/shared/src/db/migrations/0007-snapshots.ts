/**
 * Consistent views of a project that the platform API holds open for one reader: `pg_snapshot` is what other connections
 * take the view by, as long as the transaction that holds it is open (in the producer that opened it). `jti` is the
 * scoped token that asked for it, the only one that may read it.
 */
export const sql = `
create table snapshots (
  id uuid primary key default gen_random_uuid(),
  jti uuid not null unique,
  project_id uuid not null references projects on delete cascade,
  pg_snapshot text not null,
  opened_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index snapshots_expired on snapshots (expires_at);
`;
