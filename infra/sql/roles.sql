-- Makes the three roles of Parcelpost, and hands this database to the first of them. An administrator runs it, connected to
-- the database, once; repeating it is harmless, changes passwords to those given, and takes over what others own by then:
--
--   PGOPTIONS="-c parcelpost.owner_password=… -c parcelpost.producer_password=… -c parcelpost.worker_password=…" \
--     psql --no-psqlrc --set ON_ERROR_STOP=1 --file infra/sql/roles.sql postgres://admin@host:5432/parcelpost
--
--   parcelpost_owner     owns the tables, and the queues where PostgreSQL carries them; `npm run migrate` connects as it
--   parcelpost_producer  the producer and the operator's commands
--   parcelpost_worker    the workers
--
-- What the latter two may do is in grants.sql and queue-grants.sql, which `npm run migrate` runs after every migration. A
-- password that is not given stays as it is; a new role without one can sign in only by other means (a certificate, peer).
-- `parcelpost.queue_schema` names the schema of the queues (QUEUE_PREFIX; default parcelpost), which is handed over too.
do $roles$
declare
  role text;
  password text;
  queues text := coalesce(nullif(current_setting('parcelpost.queue_schema', true), ''), 'parcelpost');
  thing record;
begin
  perform pg_advisory_xact_lock(hashtext('parcelpost.roles'));

  foreach role in array array['owner', 'producer', 'worker'] loop
    if to_regrole('parcelpost_' || role) is null then
      execute format('create role %I login', 'parcelpost_' || role);
    end if;
    password := nullif(current_setting(format('parcelpost.%s_password', role), true), '');
    if password is not null then
      execute format('alter role %I login password %L', 'parcelpost_' || role, password);
    end if;
    execute format('grant connect on database %I to %I', current_database(), 'parcelpost_' || role);
    execute format('grant usage on schema public to %I', 'parcelpost_' || role);
  end loop;

  -- Nobody makes anything here but the owner, not even for the length of a session.
  execute format('revoke create, temporary on database %I from public', current_database());
  execute format('grant create, temporary on database %I to parcelpost_owner', current_database());
  revoke create on schema public from public;
  grant create on schema public to parcelpost_owner;

  -- What others have made here so far, as an installation of one user for all has.
  if not (select rolsuper from pg_roles where rolname = current_user)
     and not pg_has_role(current_user, 'parcelpost_owner', 'usage') then
    execute format('grant parcelpost_owner to %I', current_user);
  end if;
  if to_regclass('public.migrations') is null and to_regnamespace(queues) is null then
    return;
  end if;
  -- The schema first: only who may make things in it can be given some.
  if queues <> 'public' and exists (
    select from pg_namespace where nspname = queues and nspowner <> to_regrole('parcelpost_owner')
  ) then
    execute format('alter schema %I owner to parcelpost_owner', queues);
  end if;
  for thing in
    select case when c.relkind = 'v' then 'view' when c.relkind = 'S' then 'sequence' else 'table' end as kind,
      format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', queues) and c.relkind in ('r', 'p', 'v', 'S')
      and c.relowner <> to_regrole('parcelpost_owner')
      -- Of an extension, or a sequence that goes with its table.
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('e', 'a', 'i'))
    union all
    select 'routine', p.oid::regprocedure::text
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', queues) and p.proowner <> to_regrole('parcelpost_owner')
      and not exists (select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    union all
    select 'type', format('%I.%I', n.nspname, t.typname)
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname in ('public', queues) and t.typtype in ('e', 'd') and t.typowner <> to_regrole('parcelpost_owner')
      and not exists (select from pg_depend d
        where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
  loop
    execute format('alter %s %s owner to parcelpost_owner', thing.kind, thing.name);
  end loop;
end
$roles$;
