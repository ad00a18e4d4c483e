/**
 * Exports, their work, their files and the outbox.
 *
 * An export names its project by slugs, since the project may live on another platform; `requester` is a copy of what
 * the person looked like when asking, so that workers need not read users. Exactly one outcome: `outcome` is set by one
 * compare-and-set, in the transaction that inserts the follow-ups into the outbox.
 */
export const sql = `
create table exports (
  id uuid primary key,
  generation int not null default 1,
  organization text not null,
  project text not null,
  project_name text not null,
  organization_name text not null,
  requester_id text not null,
  requester jsonb not null,
  options jsonb not null,
  on_success jsonb not null default '[]',
  on_failure jsonb not null default '[]',
  sealed_token text,
  phase text not null default 'waiting' check (phase in ('waiting', 'planning', 'reading', 'writing', 'bundling', 'decided')),
  abort jsonb,
  outcome text check (outcome in ('completed', 'partial', 'failed', 'cancelled')),
  result jsonb,
  error jsonb,
  requested_at timestamptz not null default now(),
  started_at timestamptz,
  decided_at timestamptz,
  deadline_at timestamptz not null,
  expires_at timestamptz,
  check ((outcome is null) = (decided_at is null))
);
create index exports_recent on exports (organization, project, requested_at desc);
create index exports_open on exports (requested_at) where outcome is null;

create table export_jobs (
  export_id uuid not null references exports on delete cascade,
  generation int not null,
  kind text not null check (kind in ('plan', 'map', 'reduce', 'merge')),
  step text not null,
  shard int not null,
  state text not null default 'waiting' check (state in ('waiting', 'active', 'done', 'failed', 'aborted')),
  attempts int not null default 0,
  starts int not null default 0,
  rows bigint not null default 0,
  rows_expected bigint,
  bytes bigint not null default 0,
  started_at timestamptz,
  finished_at timestamptz,
  error jsonb,
  result jsonb,
  primary key (export_id, generation, kind, step, shard)
);

create table files (
  id uuid primary key default gen_random_uuid(),
  export_id uuid not null references exports,
  generation int not null,
  name text not null,
  storage_key text not null unique,
  media_type text not null,
  bytes bigint not null,
  sha256 text not null,
  contents jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  removed_at timestamptz,
  unique (export_id, generation)
);
create index files_kept on files (expires_at) where removed_at is null;

-- hook 'enter' (task export.enter) brings the export's flow into the queue; the others are follow-ups.
create table outbox (
  id uuid primary key,
  export_id uuid not null references exports,
  generation int not null,
  hook text not null check (hook in ('enter', 'onSuccess', 'onFailure')),
  position int not null,
  task text not null,
  args jsonb not null default '{}',
  options jsonb not null default '{}',
  input jsonb,
  state text not null default 'pending' check (state in ('pending', 'entered', 'active', 'done', 'failed')),
  attempts int not null default 0,
  result jsonb,
  error jsonb,
  created_at timestamptz not null default now(),
  entered_at timestamptz,
  finished_at timestamptz,
  unique (export_id, generation, hook, position)
);
create index outbox_pending on outbox (created_at) where state = 'pending';
create index outbox_on_its_way on outbox (id) where hook <> 'enter' and state in ('entered', 'active');
`;
