/**
 * Files that belong to somebody: to a user, a project or a record.
 *
 * A bundle belongs to the export's requester from when it is written, and to the project from the transaction on that decides
 * the export: `owner_kind = 'project'` and an outcome with a bundle are one. `owner_id` is a user's id,
 * `<organization>/<project>`, or `<organization>/<project>/<record>`; slugs hold no slash. A pinned file has found its place,
 * and moves on by force alone. An upload has no export and no end of its own: it is attached to a record, or removed.
 * `arrived_at`: all of its bytes are in storage since then.
 */
export const sql = `
alter table files
  alter column export_id drop not null,
  alter column generation drop not null,
  alter column expires_at drop not null,
  alter column contents set default '[]',
  add column kind text not null default 'bundle' check (kind in ('bundle', 'upload')),
  add column owner_kind text check (owner_kind in ('user', 'project', 'record')),
  add column owner_id text,
  add column pinned boolean not null default false,
  add column arrived_at timestamptz;
update files f set owner_kind = 'project', owner_id = e.organization || '/' || e.project, pinned = true,
  arrived_at = f.created_at
from exports e where e.id = f.export_id;
alter table files
  alter column owner_kind set not null,
  alter column owner_id set not null,
  drop constraint files_export_id_generation_key,
  add constraint files_of_exports check ((kind = 'bundle') = (export_id is not null)
    and (kind = 'bundle') = (generation is not null) and (kind = 'bundle') = (expires_at is not null));
create index files_of_export on files (export_id);
create unique index files_decided on files (export_id, generation) where owner_kind = 'project';
-- What has not found its place: bundles that nobody decided on, and uploads that nothing refers to.
create index files_unplaced on files (kind, id)
  where owner_kind = 'user' and (removed_at is null or kind = 'upload');

-- The file of a resource, where it was uploaded here; file then says nothing.
alter table resources add column file_id uuid references files;
create unique index resources_file on resources (file_id) where file_id is not null;
`;
