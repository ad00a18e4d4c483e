/**
 * Renewed exports: `renews` is the completed export whose results a newer version of the software makes anew. It is an export of
 * its own, since that one keeps its outcome, its bundle and its links. Of one export there is one open renewal at most.
 */
export const sql = `
alter table exports add column renews uuid references exports;
create index exports_renews on exports (renews, requested_at) where renews is not null;
create unique index exports_renewing on exports (renews) where renews is not null and outcome is null;
create index exports_completed on exports (expires_at) where outcome = 'completed';
`;
