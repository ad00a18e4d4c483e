/**
 * What files come to: kept for longer, out of reach, gone from storage.
 *
 * A pin is the export's, so that it holds for the bundle of a later try too: `pinned_until` is when it ends, `infinity` until
 * somebody unpins. (`files.pinned` is something else: that a file has found its owner.) Files are there until the later of
 * `expires_at` and that. `removed_at`: nobody can reach the file any more, or pin it; `cleared_at`: its bytes are gone from
 * storage too, which is after everybody has read to the end who had begun; `read_until`: somebody is reading it until then, or
 * will say so anew. `chores` are what one process at a time does for all; a holder that dies is stood in for after `held_until`.
 */
export const sql = `
alter table exports
  add column pinned_until timestamptz,
  add column pinned_at timestamptz,
  add column pinned_by jsonb,
  add constraint exports_pinned
    check ((pinned_until is null) = (pinned_at is null) and (pinned_until is null) = (pinned_by is null));

alter table files
  add column cleared_at timestamptz,
  add column read_until timestamptz;
update files set cleared_at = removed_at where kind = 'bundle' and removed_at is not null;
create index files_to_clear on files (id) where kind = 'bundle' and removed_at is not null and cleared_at is null;
-- What each project has in storage; sorted by bytes, so that the records of a project are one range.
create index files_stored on files (owner_kind, owner_id collate "C") include (bytes) where cleared_at is null;
-- Of one person's uploads those that wait.
create index files_waiting on files (owner_id, created_at)
  where kind = 'upload' and owner_kind = 'user' and removed_at is null;

create table chores (
  name text primary key,
  holder uuid,
  held_until timestamptz,
  ended_at timestamptz
);
`;
