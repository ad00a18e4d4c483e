/**
 * People take turns at bulk work: `user_id` is the bulk's, where the index can go from person to person.
 */
export const sql = `
alter table bulk_items add column user_id text;
update bulk_items i set user_id = b.user_id from bulks b where b.id = i.bulk_id;
alter table bulk_items alter column user_id set not null;
drop index bulk_items_due;
create index bulk_items_due on bulk_items (user_id, position, due_at) where state = 'waiting';
`;
