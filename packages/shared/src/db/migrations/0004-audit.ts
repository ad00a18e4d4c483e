/**
 * Who did what, and calls that an action deferred until after its commit.
 *
 * A row of `audit_log` is written by the transaction that does what it tells of; nobody changes one. It refers to nothing, so
 * that it outlives what it is about. `actor_id` is of a user the id, of a process its name. No row holds a secret.
 *
 * A row of the outbox with the hook `deferred` (place `deferred/<n>`) is a task like any other, planted by the action that
 * wants it done; it belongs to no canvas, and nothing follows from it.
 */
export const sql = `
create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor_kind text not null check (actor_kind in ('user', 'worker', 'operator', 'service')),
  actor_id text not null,
  actor_name text not null,
  task text not null,
  subject_kind text not null,
  subject_id text not null,
  export_id uuid,
  generation int,
  details jsonb not null default '{}'
);
create index audit_log_of_export on audit_log (export_id, id) where export_id is not null;
create index audit_log_at on audit_log (at);

alter table outbox drop constraint outbox_hook_check;
alter table outbox add constraint outbox_hook_check check (hook in ('enter', 'onSuccess', 'onFailure', 'deferred'));
create index outbox_deferred on outbox (export_id, generation) where hook = 'deferred';
`;
