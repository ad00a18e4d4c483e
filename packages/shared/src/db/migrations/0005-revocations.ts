/**
 * Which scoped token was minted for which export: never the token, only its id (`jti`). A token is good from the start of
 * its export to the outcome of the generation that it was minted for: the outcome is the revocation, and nothing has to be
 * written for it. `export_id` refers to no row, since tokens of next exports are minted before their exports are there.
 */
export const sql = `
create table scoped_tokens (
  jti uuid primary key,
  export_id uuid not null,
  generation int not null,
  user_id text not null,
  recipient text not null,
  minted_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index scoped_tokens_expired on scoped_tokens (expires_at);
`;
