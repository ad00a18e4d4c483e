/**
 * Exports that wait for their turn, and what limits are counted by.
 *
 * `waiting_since`: the export waits to be let into the queues since then; null once it has been let in. Until then what
 * brings it into its queue (the row `enter` of the outbox) is `waiting`; then it is `pending`, like any other, and
 * `priority` says how soon its jobs are to be worked on.
 */
export const sql = `
alter table exports add column waiting_since timestamptz;
alter table outbox add column priority int;
create index exports_waiting on exports (organization, requester_id, waiting_since, id)
  where outcome is null and waiting_since is not null;
create index exports_in_flight on exports (organization, requester_id)
  where outcome is null and waiting_since is null;
create index exports_open_of_person on exports (requester_id) where outcome is null;
create index exports_open_of_project on exports (organization, project) where outcome is null;
create index exports_of_person on exports (requester_id, requested_at desc);
`;
