-- What the producer and the workers may do with the tables: this list, and nothing else. `npm run migrate` runs it after
-- every migration, in the same transaction; repeating it is harmless. A role that does not exist is passed over, so that
-- one user may still do everything (the one that migrates, who owns the tables).
--
-- Every table has a line for each of the two roles; `revoke all` says that it has no business there. Columns are listed
-- where the rest of a row is not the role's to write. Rows that are locked (`for update`) need the right to update a column,
-- and `on conflict` the right to read those of its index. Identity columns need nothing for their sequences.
do $grants$
declare
  role text;
  ours record;
begin
  perform pg_advisory_xact_lock(hashtext('parcelpost.migrate'));

  -- What an earlier list granted goes first, and what everybody may do by default. Only on what is ours: other
  -- things may lie in the schema, such as those of an extension.
  for ours in
    select 'table' as kind, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p', 'v') and pg_has_role(c.relowner, 'usage')
    union all
    select 'sequence', format('%I.%I', n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind = 'S' and pg_has_role(c.relowner, 'usage')
    union all
    select 'function', p.oid::regprocedure::text
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and p.prokind = 'f' and pg_has_role(p.proowner, 'usage')
      and not exists (select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('revoke all on %s %s from public', ours.kind, ours.name);
    foreach role in array array['parcelpost_producer', 'parcelpost_worker'] loop
      if to_regrole(role) is not null then
        execute format('revoke all on %s %s from %I', ours.kind, ours.name, role);
      end if;
    end loop;
  end loop;

  -- The producer answers people and the platform API, records what they ask for, relays, and clears old rows away.
  if to_regrole('parcelpost_producer') is not null then
    grant select on organizations to parcelpost_producer;
    grant select on projects to parcelpost_producer;
    grant select on users to parcelpost_producer;
    grant select on memberships to parcelpost_producer;
    grant select on spatial_units to parcelpost_producer;
    grant select on parties to parcelpost_producer;
    grant select on tenure_relationships to parcelpost_producer;
    grant select, insert on resources to parcelpost_producer;
    grant select, insert on resource_links to parcelpost_producer;
    grant select on attribute_schemas to parcelpost_producer;
    -- Kept by triggers, on behalf of whoever inserts a record.
    grant select, insert, update on project_counts to parcelpost_producer;
    grant select, insert, update on exports to parcelpost_producer;
    grant select on export_jobs to parcelpost_producer;
    grant select, insert, update, delete on files to parcelpost_producer;
    grant select, insert, update on outbox to parcelpost_producer;
    grant select, insert, update, delete on idempotency_keys to parcelpost_producer;
    grant select, insert, delete, update (expires_at) on scoped_tokens to parcelpost_producer;
    grant select, insert, delete on snapshots to parcelpost_producer;
    grant select, delete on refused_jobs to parcelpost_producer;
    grant select, insert, update, delete on bulks to parcelpost_producer;
    grant select, insert, update, delete on bulk_items to parcelpost_producer;
    grant select, insert, delete on audit_log to parcelpost_producer;
    grant select on migrations to parcelpost_producer;
    revoke all on migrations_lock from parcelpost_producer;
  end if;

  -- A worker reads what it is to do and reports what became of it. It reads no party, no record, no user, deletes nothing
  -- and makes nothing; who asked, what for, and what follows are not its to change.
  if to_regrole('parcelpost_worker') is not null then
    revoke all on organizations from parcelpost_worker;
    revoke all on projects from parcelpost_worker;
    revoke all on users from parcelpost_worker;
    revoke all on memberships from parcelpost_worker;
    revoke all on spatial_units from parcelpost_worker;
    revoke all on parties from parcelpost_worker;
    revoke all on tenure_relationships from parcelpost_worker;
    revoke all on resources from parcelpost_worker;
    revoke all on resource_links from parcelpost_worker;
    revoke all on attribute_schemas from parcelpost_worker;
    revoke all on project_counts from parcelpost_worker;
    -- It inserts the exports that follow-ups start.
    grant select, insert on exports to parcelpost_worker;
    grant update (phase, waiting_since, abort, outcome, result, error, started_at, decided_at, expires_at, parts_until, sealed_token, next_tokens) on exports to parcelpost_worker;
    grant select, insert on export_jobs to parcelpost_worker;
    grant update (state, attempts, starts, rows, bytes, started_at, finished_at, error, result) on export_jobs to parcelpost_worker;
    grant select, insert on files to parcelpost_worker;
    grant update (removed_at, owner_kind, owner_id, pinned) on files to parcelpost_worker;
    grant select, insert on outbox to parcelpost_worker;
    grant update (input, sealed, state, priority, attempts, replays, starts, result, error, pending_at, entered_at, due_at, started_at, finished_at) on outbox to parcelpost_worker;
    revoke all on idempotency_keys from parcelpost_worker;
    revoke all on bulks from parcelpost_worker;
    revoke all on bulk_items from parcelpost_worker;
    revoke all on scoped_tokens from parcelpost_worker;
    revoke all on snapshots from parcelpost_worker;
    grant select, insert on refused_jobs to parcelpost_worker;
    -- What was done is written down and never read, let alone changed, by a worker.
    grant insert on audit_log to parcelpost_worker;
    grant select on migrations to parcelpost_worker;
    revoke all on migrations_lock from parcelpost_worker;
  end if;
end
$grants$;
