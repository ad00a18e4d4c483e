/**
 * The platform's own data: who may see what, and the records that exports read.
 *
 * `geometry` and `attributes` are `json`, not `jsonb`: the text goes out as it came in, so that every digit of a number
 * and every key survive, and a page is assembled without parsing. `position` is the stable order of every list and the
 * key of its cursors; it grows with insertion, so that a record added while someone pages comes last.
 * `project_counts` is kept by statement triggers: a page can say `count` without counting.
 */
export const sql = `
create table organizations (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null
);

create table projects (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations,
  slug text not null,
  name text not null,
  description text not null default '',
  country text not null default '',
  access text not null default 'private' check (access in ('public', 'private')),
  archived boolean not null default false,
  created_at timestamptz not null default now(),
  unique (organization_id, slug)
);

create table users (
  id uuid primary key default gen_random_uuid(),
  username text not null unique,
  name text not null,
  email text not null,
  language text not null default 'en'
);

-- project_id null: the membership holds for every project of the organization.
create table memberships (
  id bigint generated always as identity primary key,
  user_id uuid not null references users on delete cascade,
  organization_id uuid not null references organizations on delete cascade,
  project_id uuid references projects on delete cascade,
  role text not null check (role in ('administrator', 'project_manager', 'data_collector', 'project_user')),
  unique nulls not distinct (user_id, organization_id, project_id)
);

create table spatial_units (
  project_id uuid not null references projects on delete cascade,
  id text not null,
  position bigint generated always as identity,
  type text not null,
  area double precision,
  geometry json,
  attributes json not null default '{}',
  primary key (project_id, id)
);
create unique index spatial_units_position on spatial_units (project_id, position);

create table parties (
  project_id uuid not null references projects on delete cascade,
  id text not null,
  position bigint generated always as identity,
  name text not null,
  type text not null,
  attributes json not null default '{}',
  primary key (project_id, id)
);
create unique index parties_position on parties (project_id, position);

create table tenure_relationships (
  project_id uuid not null references projects on delete cascade,
  id text not null,
  position bigint generated always as identity,
  party_id text not null,
  spatial_unit_id text not null,
  tenure_type text not null,
  attributes json not null default '{}',
  primary key (project_id, id),
  foreign key (project_id, party_id) references parties (project_id, id),
  foreign key (project_id, spatial_unit_id) references spatial_units (project_id, id)
);
create unique index tenure_relationships_position on tenure_relationships (project_id, position);

create table resources (
  project_id uuid not null references projects on delete cascade,
  id text not null,
  position bigint generated always as identity,
  name text not null,
  description text not null default '',
  file text not null,
  original_file text not null,
  mime_type text not null,
  archived boolean not null default false,
  primary key (project_id, id)
);
create unique index resources_position on resources (project_id, position);

create table resource_links (
  project_id uuid not null,
  resource_id text not null,
  target_type text not null check (target_type in ('spatialunit', 'party', 'tenurerelationship')),
  target_id text not null,
  primary key (project_id, resource_id, target_type, target_id),
  foreign key (project_id, resource_id) references resources (project_id, id) on delete cascade
);

create table attribute_schemas (
  project_id uuid not null references projects on delete cascade,
  entity text not null check (entity in ('spatialunit', 'party', 'tenurerelationship')),
  position int not null,
  name text not null,
  label text not null,
  type text not null,
  applies_to text[],
  primary key (project_id, entity, position),
  unique (project_id, entity, name)
);

create table project_counts (
  project_id uuid not null references projects on delete cascade,
  entity text not null,
  n bigint not null,
  primary key (project_id, entity)
);

create function count_inserted() returns trigger language plpgsql as $$
begin
  insert into project_counts (project_id, entity, n)
  select project_id, tg_argv[0], count(*) from changed group by project_id
  on conflict (project_id, entity) do update set n = project_counts.n + excluded.n;
  return null;
end $$;

create function count_deleted() returns trigger language plpgsql as $$
begin
  update project_counts c set n = c.n - d.n
  from (select project_id, count(*) as n from changed group by project_id) d
  where c.project_id = d.project_id and c.entity = tg_argv[0];
  return null;
end $$;

create trigger counted_insert after insert on spatial_units referencing new table as changed
  for each statement execute function count_inserted('locations');
create trigger counted_delete after delete on spatial_units referencing old table as changed
  for each statement execute function count_deleted('locations');
create trigger counted_insert after insert on parties referencing new table as changed
  for each statement execute function count_inserted('parties');
create trigger counted_delete after delete on parties referencing old table as changed
  for each statement execute function count_deleted('parties');
create trigger counted_insert after insert on tenure_relationships referencing new table as changed
  for each statement execute function count_inserted('relationships');
create trigger counted_delete after delete on tenure_relationships referencing old table as changed
  for each statement execute function count_deleted('relationships');
create trigger counted_insert after insert on resources referencing new table as changed
  for each statement execute function count_inserted('resources');
create trigger counted_delete after delete on resources referencing old table as changed
  for each statement execute function count_deleted('resources');
`;
