/**
 * Bulk work: many requests, cancellations or retries that were asked for at once and are done in the background.
 *
 * An item is sealed until it has its answer, since it may hold a token; then it is forgotten. `due_at` is when it may be begun:
 * whoever takes it moves that on, so that it is taken over should he die. `expected`: the generation that a retry found.
 */
export const sql = `
create table bulks (
  id uuid primary key,
  user_id text not null,
  action text not null check (action in ('request', 'cancel', 'retry')),
  total int not null,
  key text,
  fingerprint text not null,
  created_at timestamptz not null default now(),
  cancelled_at timestamptz
);
create unique index bulks_key on bulks (user_id, key) where key is not null;
create index bulks_age on bulks (created_at);

create table bulk_items (
  bulk_id uuid not null references bulks on delete cascade,
  position int not null,
  sealed text,
  state text not null default 'waiting' check (state in ('waiting', 'ok', 'failed', 'skipped')),
  answer jsonb,
  due_at timestamptz not null default now(),
  starts int not null default 0,
  expected int,
  finished_at timestamptz,
  primary key (bulk_id, position),
  check ((state = 'waiting') = (finished_at is null))
);
create index bulk_items_due on bulk_items (position, due_at) where state = 'waiting';
`;
