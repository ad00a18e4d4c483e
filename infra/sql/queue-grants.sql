-- What the producer and the workers may do with the queues where PostgreSQL carries them: what BullMQ does there, whose tables
-- and functions these are. `npm run migrate` runs it after BullMQ's own migrations, with the setting `parcelpost.queue_schema`;
-- repeating it is harmless. A role that does not exist is passed over.
--
-- Both roles may do the same: whoever enters jobs may, by BullMQ's design, also move and remove them. What a job says is
-- believed by nobody: workers check it against the tables.
do $grants$
declare
  queues text := current_setting('parcelpost.queue_schema');
  role text;
  thing record;
begin
  perform pg_advisory_xact_lock(hashtext('parcelpost.queue-grants'));

  execute format('revoke all on schema %I from public', queues);
  execute format('revoke all on all tables in schema %I from public', queues);
  execute format('revoke all on all sequences in schema %I from public', queues);
  execute format('revoke all on all functions in schema %I from public', queues);

  foreach role in array array['parcelpost_producer', 'parcelpost_worker'] loop
    continue when to_regrole(role) is null;
    execute format('revoke all on all tables in schema %I from %I', queues, role);
    execute format('grant usage on schema %I to %I', queues, role);
    execute format('grant usage on all sequences in schema %I to %I', queues, role);
    execute format('grant execute on all functions in schema %I to %I', queues, role);
    execute format('grant select on %I.migration to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.meta to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.job to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.job_log to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.job_dependency to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.event to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.metrics to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.rate_limit to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.dedup to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.dedup_next to %I', queues, role);
    execute format('grant select, insert, update, delete on %I.scheduler to %I', queues, role);
    -- Another facility of BullMQ's, which we do not use.
    execute format('revoke all on %I.relay_node from %I', queues, role);
    execute format('revoke all on %I.relay_subscription from %I', queues, role);
    execute format('revoke all on %I.relay_inbox from %I', queues, role);
    execute format('revoke all on %I.relay_retained from %I', queues, role);
  end loop;

  -- Two functions make something on the way: a sequence for ids that nobody gave, and temporary tables. They do so as their
  -- owner, so that nobody else has to be allowed to make anything. Each has its search path pinned by BullMQ.
  for thing in
    select p.oid::regprocedure::text as name from pg_proc p
    where p.pronamespace = queues::regnamespace and p.prosrc ~* 'create (temp|sequence)'
      and p.proconfig::text like '%search_path=%'
  loop
    execute format('alter function %s security definer', thing.name);
  end loop;
end
$grants$;
