/**
 * Signing in to the pages: who somebody is at an identity provider (OpenID Connect: issuer and subject, which together
 * never change), and the sessions that were ended before their time, until that.
 */
export const sql = `
create table user_identities (
  issuer text not null,
  subject text not null,
  user_id uuid not null references users on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index user_identities_of_user on user_identities (user_id);
create index users_email on users (lower(email));

create table ended_sessions (
  id uuid primary key,
  expires_at timestamptz not null
);
create index ended_sessions_expired on ended_sessions (expires_at);
`;
