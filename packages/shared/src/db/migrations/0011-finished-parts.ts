/**
 * Versions of a project's data, and finished parts of exports that later ones may take in place of work of their own.
 *
 * `project_counts.version` is another value after every change of a list's records: a random one, so that no two states of a
 * list ever bear the same, also where a database was restored. It is written in the transaction of the change, under the lock
 * of the row: whoever sees the change sees the new version with it, and nobody sees one without the other. A transaction that
 * is rolled back leaves the old one. Links of resources are part of the list of resources.
 *
 * A finished part is what a step made of such a state: storage keys and figures, never data. What it names lies below the
 * folder of the export that made it, as long as that export's `parts_until` is to come.
 */
export const sql = `
alter table project_counts add column version uuid not null default gen_random_uuid();

create or replace function count_inserted() returns trigger language plpgsql as $$
begin
  insert into project_counts (project_id, entity, n)
  select project_id, tg_argv[0], count(*) from changed group by project_id
  on conflict (project_id, entity) do update set n = project_counts.n + excluded.n, version = gen_random_uuid();
  return null;
end $$;

create or replace function count_deleted() returns trigger language plpgsql as $$
begin
  update project_counts c set n = c.n - d.n, version = gen_random_uuid()
  from (select project_id, count(*) as n from changed group by project_id) d
  where c.project_id = d.project_id and c.entity = tg_argv[0];
  return null;
end $$;

create function data_changed() returns trigger language plpgsql as $$
begin
  update project_counts set version = gen_random_uuid()
  where entity = tg_argv[0] and project_id in (select project_id from changed);
  return null;
end $$;

-- A record may have moved to another project: then both are changed, and so are their counts.
create function data_updated() returns trigger language plpgsql as $$
begin
  insert into project_counts (project_id, entity, n)
  select project_id, tg_argv[0], case when tg_argv[1] = 'counted' then sum(moved) else 0 end
  from (select project_id, 1 as moved from changed union all select project_id, -1 from before) records
  group by project_id order by project_id
  on conflict (project_id, entity) do update set n = project_counts.n + excluded.n, version = gen_random_uuid();
  return null;
end $$;

create function data_truncated() returns trigger language plpgsql as $$
begin
  update project_counts set version = gen_random_uuid(), n = case when tg_argv[1] = 'counted' then 0 else n end
  where entity = tg_argv[0];
  return null;
end $$;

create trigger changed_update after update on spatial_units
  referencing old table as before new table as changed for each statement execute function data_updated('locations', 'counted');
create trigger changed_update after update on parties
  referencing old table as before new table as changed for each statement execute function data_updated('parties', 'counted');
create trigger changed_update after update on tenure_relationships
  referencing old table as before new table as changed for each statement execute function data_updated('relationships', 'counted');
create trigger changed_update after update on resources
  referencing old table as before new table as changed for each statement execute function data_updated('resources', 'counted');
create trigger changed_insert after insert on resource_links referencing new table as changed
  for each statement execute function data_changed('resources');
create trigger changed_update after update on resource_links
  referencing old table as before new table as changed
  for each statement execute function data_updated('resources', 'not counted');
create trigger changed_delete after delete on resource_links referencing old table as changed
  for each statement execute function data_changed('resources');

create trigger changed_truncate after truncate on spatial_units
  for each statement execute function data_truncated('locations', 'counted');
create trigger changed_truncate after truncate on parties
  for each statement execute function data_truncated('parties', 'counted');
create trigger changed_truncate after truncate on tenure_relationships
  for each statement execute function data_truncated('relationships', 'counted');
create trigger changed_truncate after truncate on resources
  for each statement execute function data_truncated('resources', 'counted');
create trigger changed_truncate after truncate on resource_links
  for each statement execute function data_truncated('resources', 'not counted');

create table finished_parts (
  key text primary key,
  export_id uuid not null references exports on delete cascade,
  step text not null,
  version text not null,
  bytes bigint not null,
  content jsonb not null,
  made_at timestamptz not null default now()
);
create index finished_parts_export on finished_parts (export_id);
`;
