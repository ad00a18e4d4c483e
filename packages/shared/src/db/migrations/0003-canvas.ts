/**
 * Follow-ups as a canvas, requests that join or are repeated, and parts kept for another try.
 *
 * A row of the outbox is a node of a canvas: a task, which goes to a queue, or a chain, group or chord, which joins
 * others. Its id is derived from export, generation and place. All nodes of a hook are written by the decision; a node
 * `waiting` becomes `pending` (a task) or `active` (a join) by the transaction that settles the one before it.
 * `pending_at` is when a task's turn came, and the order in which tasks are entered; `due_at` is when another service must
 * have ended it. `starts` counts how often a task was begun, whatever became of it: the failure of a try that was overtaken
 * by another means nothing. `routed`: another service owns the task's queue, as the producer knew when it was asked for.
 */
export const sql = `
alter table outbox drop constraint outbox_export_id_generation_hook_position_key;
alter table outbox drop constraint outbox_state_check;
alter table outbox
  add column place text,
  add column parent_id uuid references outbox,
  add column role text not null default 'root' check (role in ('root', 'step', 'member', 'body', 'onSuccess', 'onFailure')),
  add column kind text not null default 'task' check (kind in ('task', 'chain', 'group', 'chord')),
  add column immutable boolean not null default false,
  add column mac text,
  add column routed boolean not null default false,
  add column sealed jsonb,
  add column replays int not null default 0,
  add column starts int not null default 0,
  add column result_bytes int generated always as (octet_length(result::text)) stored,
  add column pending_at timestamptz default now(),
  add column started_at timestamptz,
  add column due_at timestamptz,
  add constraint outbox_state_check
    check (state in ('waiting', 'pending', 'entered', 'active', 'done', 'failed', 'skipped'));
update outbox set place = case when hook = 'enter' then 'enter' else hook || '/' || position end, pending_at = created_at;
alter table outbox alter column place set not null;
alter table outbox add constraint outbox_place unique (export_id, generation, place);
create index outbox_children on outbox (parent_id) where parent_id is not null;
drop index if exists outbox_pending;
create index outbox_pending on outbox (pending_at, position) where state = 'pending';
drop index if exists outbox_on_its_way;
create index outbox_on_its_way on outbox (id) where hook <> 'enter' and kind = 'task' and state in ('entered', 'active');
create index outbox_due on outbox (due_at) where due_at is not null and state in ('entered', 'active');
create index outbox_sealed on outbox (finished_at) where sealed is not null;
create index outbox_failed on outbox (finished_at) where state = 'failed' and kind = 'task';

-- started_by: the follow-up (a row of the outbox) that started this export; request_hash: what an identical request has.
-- parts_until: how long an export has more in storage than its bundle, such as fragments and files for another try.
alter table exports
  add column next_tokens jsonb,
  add column started_by uuid,
  add column request_hash text,
  add column parts_until timestamptz;
create unique index exports_joinable on exports (request_hash) where outcome is null and abort is null;
create index exports_parts on exports (parts_until) where parts_until is not null;

-- A part that an earlier generation made and this one took over as it is.
alter table export_jobs add column reused_from int;

create table idempotency_keys (
  user_id text not null,
  key text not null,
  fingerprint text not null,
  export_id uuid not null references exports on delete cascade,
  joined boolean not null,
  created_at timestamptz not null default now(),
  primary key (user_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- Jobs that a worker found in a queue and would not run: forged, altered, or never released.
create table refused_jobs (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  queue text not null,
  job_id text not null,
  task text not null,
  follow_up_id text,
  reason text not null,
  unique (queue, job_id, reason)
);
create index refused_jobs_at on refused_jobs (at);
`;
