-- What the producer and the workers may do with the tables: this list, and nothing else. `npm run migrate` runs it after
-- every migration, in the same transaction; repeating it is harmless. A role that does not exist is passed over, so that
-- one user may still do everything (the one that migrates, who owns the tables).
--
-- Every table has a line for each of the two roles; `revoke all` says that it has no business there. Columns are listed
-- where the rest of a row is not the role's to write. Rows that are locked (`for update`) need the right to update a column,
-- and `on conflict` the right to read those of its index. Identity columns need nothing for their sequences.
--
-- Where the right to a table would be too much, the rows are parted too: the policies and the trigger at the end. They bind
-- the worker alone. For everybody else a policy lets all pass that was granted, and who owns the tables is bound by none.
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
    -- Who signs in for the first time may become a user, of no project; no user is changed by it.
    grant select, insert on users to parcelpost_producer;
    grant select, insert, delete on user_identities to parcelpost_producer;
    grant select, insert, delete on ended_sessions to parcelpost_producer;
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
    -- Rows of which nothing is in storage any more.
    grant select, delete on finished_parts to parcelpost_producer;
    grant select, insert, update, delete on files to parcelpost_producer;
    grant select, insert, update on outbox to parcelpost_producer;
    grant select, insert, update, delete on idempotency_keys to parcelpost_producer;
    grant select, insert, delete, update (expires_at) on scoped_tokens to parcelpost_producer;
    grant select, insert, delete on snapshots to parcelpost_producer;
    grant select, delete on refused_jobs to parcelpost_producer;
    grant select, insert, update, delete on bulks to parcelpost_producer;
    grant select, insert, update, delete on bulk_items to parcelpost_producer;
    grant select, insert, delete on audit_log to parcelpost_producer;
    grant select, insert, update on chores to parcelpost_producer;
    grant select on migrations to parcelpost_producer;
    revoke all on migrations_lock from parcelpost_producer;
  end if;

  -- A worker reads what it is to do and reports what became of it. It reads no party, no record, no user, deletes nothing
  -- and makes nothing; who asked, what for, and what follows are not its to change.
  if to_regrole('parcelpost_worker') is not null then
    revoke all on organizations from parcelpost_worker;
    revoke all on projects from parcelpost_worker;
    revoke all on users from parcelpost_worker;
    revoke all on user_identities from parcelpost_worker;
    revoke all on ended_sessions from parcelpost_worker;
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
    grant select, insert on finished_parts to parcelpost_worker;
    grant update (export_id, version, bytes, content, made_at) on finished_parts to parcelpost_worker;
    grant select, insert on files to parcelpost_worker;
    grant update (removed_at, cleared_at, owner_kind, owner_id, pinned) on files to parcelpost_worker;
    grant select, insert on outbox to parcelpost_worker;
    grant update (input, sealed, state, priority, attempts, replays, starts, result, error, pending_at, entered_at, due_at, started_at, finished_at) on outbox to parcelpost_worker;
    revoke all on idempotency_keys from parcelpost_worker;
    revoke all on bulks from parcelpost_worker;
    revoke all on bulk_items from parcelpost_worker;
    revoke all on scoped_tokens from parcelpost_worker;
    revoke all on snapshots from parcelpost_worker;
    grant select, insert on refused_jobs to parcelpost_worker;
    -- What was done is written down and never read, let alone changed, by a worker.
    grant insert (actor_kind, actor_id, actor_name, task, subject_kind, subject_id, export_id, generation, details) on audit_log to parcelpost_worker;
    grant select, insert, update on chores to parcelpost_worker;
    grant select on migrations to parcelpost_worker;
    revoke all on migrations_lock from parcelpost_worker;

    -- The rows of a table that are a worker's business. Each is made once, since making one waits for whoever reads the
    -- table, and has everybody else wait meanwhile: one that changes gets another name, and the one before is dropped here.
    for ours in
      select wanted.*, c.oid, c.relrowsecurity from (values
        ('files', 'as_granted', 'using (true) with check (true)'),
        -- Uploads are people's.
        ('files', 'worker_bundles', $$as restrictive to parcelpost_worker using (kind = 'bundle')$$),
        -- A bundle is brought for who asked.
        ('files', 'worker_brings', $$as restrictive for insert to parcelpost_worker with check (owner_kind = 'user' and not pinned
          and exists (select from exports e where e.id = export_id and e.requester_id = owner_id))$$),
        ('audit_log', 'as_granted', 'using (true) with check (true)'),
        -- A worker does nothing in the name of a person.
        ('audit_log', 'worker_deeds', $$as restrictive for insert to parcelpost_worker
          with check (actor_kind in ('worker', 'service'))$$)
      ) wanted (name, policy, rule) join pg_class c on c.oid = to_regclass('public.' || wanted.name)
    loop
      if not exists (select from pg_policy where polrelid = ours.oid and polname = ours.policy) then
        execute format('create policy %I on %I %s', ours.policy, ours.name, ours.rule);
      end if;
      if not ours.relrowsecurity then
        execute format('alter table %I enable row level security', ours.name);
      end if;
    end loop;

    -- A worker gives a bundle away in one way: from who asked for the export to the project of that export, for good.
    -- A trigger, since a policy does not see whose it was.
    create or replace function worker_gives() returns trigger language plpgsql as $gives$
    begin
      if not (old.owner_kind = 'user' and new.owner_kind = 'project' and new.pinned and exists (
        select from public.exports e where e.id = new.export_id
          and e.requester_id = old.owner_id and e.organization || '/' || e.project = new.owner_id
      )) then
        raise insufficient_privilege using message = 'a worker gives a bundle to the project of its export alone';
      end if;
      return new;
    end
    $gives$;
    revoke all on function worker_gives() from public;
    if not exists (select from pg_trigger where tgrelid = 'files'::regclass and tgname = 'worker_gives') then
      create trigger worker_gives before update on files for each row
        when ((old.owner_kind, old.owner_id, old.pinned) is distinct from (new.owner_kind, new.owner_id, new.pinned)
          -- Not so for who owns the tables, though that may be a member of every role.
          and row_security_active('public.files') and pg_has_role('parcelpost_worker', 'usage'))
        execute function worker_gives();
    end if;
  end if;
end
$grants$;
