import { storableText } from '../../storable-text.js';
import type { Connection } from '../database.js';
import { USER_COLUMNS, type UserRow } from './users.js';

/** Who somebody is at an identity provider, by what its ID token says (OpenID Connect Core 1.0, sections 2 and 5.1). */
export interface Identity {
  issuer: string;
  subject: string;
  name?: string | undefined;
  /** What they like to be called; becomes the user name of who is new. */
  username?: string | undefined;
  /** An address that the provider has verified, or that the operator trusts it to have. */
  email?: string | undefined;
  /** BCP 47 tag. */
  language?: string | undefined;
}

/** What is done about an identity that nobody has yet. */
export interface IdentityPolicy {
  /** It becomes that of the one user who has its address, and no identity of this issuer yet. */
  linkEmail: boolean;
  /** It becomes that of a new user, who is a member of nothing. */
  createUsers: boolean;
}

/** Who it is: known before, now linked to a user, or a new user. Or nobody, and why. */
export type Recognised =
  | { user: UserRow; did: 'known' | 'linked' | 'created' }
  | { user: undefined; why: 'unknown' | 'no-email' | 'email-taken' };

const MOST_CHARACTERS = 200;
/** Numbers that are tried behind a user name that is taken. */
const MOST_NAMESAKES = 1000;

/** The rows of `user_identities`, and the users that come of them. */
export class IdentityService {
  /** Whose identity it is, by the policy; in a transaction, which has everybody else with the same identity or address wait. */
  async recognise(trx: Connection, identity: Identity, policy: IdentityPolicy): Promise<Recognised> {
    const known = await this.#known(trx, identity);
    if (known) return { user: known, did: 'known' };
    const { email } = identity;
    if (!policy.linkEmail && !policy.createUsers) return { user: undefined, why: 'unknown' };
    if (email === undefined) return { user: undefined, why: 'no-email' };
    // Two first sign-ins at once make one user; and two people of one address do not both get it.
    await trx.raw("select pg_advisory_xact_lock(hashtext('parcelpost.identities'))");
    const meanwhile = await this.#known(trx, identity);
    if (meanwhile) return { user: meanwhile, did: 'known' };

    const namesakes = await trx('users')
      .whereRaw('lower(email) = lower(?)', [email])
      .limit(2)
      .select<UserRow[]>(USER_COLUMNS);
    const [user, another] = namesakes;
    // Who has an identity there already is not who comes with another one: the provider gave their address to somebody else.
    if (user && policy.linkEmail && !another && !(await this.#isKnownAt(trx, user.id, identity.issuer))) {
      await this.#insert(trx, identity, user.id);
      return { user, did: 'linked' };
    }
    if (user) return { user: undefined, why: 'email-taken' };
    if (!policy.createUsers) return { user: undefined, why: 'unknown' };
    const created = await this.#create(trx, { ...identity, email });
    await this.#insert(trx, identity, created.id);
    return { user: created, did: 'created' };
  }

  /**
   * Says whose an identity is from now on.
   * @returns the user's id; `no-user` where nobody has that name, `taken` where the identity is somebody's already
   */
  async link(
    trx: Connection,
    username: string,
    identity: Pick<Identity, 'issuer' | 'subject'>,
  ): Promise<{ userId: string } | 'no-user' | 'taken'> {
    const user = await trx('users').where({ username }).first('id');
    if (!user) return 'no-user';
    const { issuer, subject } = identity;
    const inserted = await trx('user_identities')
      .insert({ issuer, subject, user_id: user.id })
      .onConflict(['issuer', 'subject'])
      .ignore()
      .returning('user_id');
    return inserted.length > 0 ? { userId: user.id } : 'taken';
  }

  /** Has an identity be nobody's. @returns the id of whose it was */
  async unlink(
    trx: Connection,
    { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>,
  ): Promise<string | undefined> {
    const [gone] = await trx('user_identities').where({ issuer, subject }).delete().returning('user_id');
    return gone?.user_id;
  }

  #known(trx: Connection, { issuer, subject }: Identity): Promise<UserRow | undefined> {
    return trx('user_identities as i')
      .join('users as u', 'u.id', 'i.user_id')
      .where({ 'i.issuer': issuer, 'i.subject': subject })
      .first<UserRow | undefined>(USER_COLUMNS.map((column) => `u.${column}`));
  }

  async #isKnownAt(trx: Connection, userId: string, issuer: string): Promise<boolean> {
    return (await trx('user_identities').where({ user_id: userId, issuer }).first('user_id')) !== undefined;
  }

  async #insert(trx: Connection, { issuer, subject }: Identity, userId: string): Promise<void> {
    await trx('user_identities').insert({ issuer, subject, user_id: userId });
  }

  async #create(trx: Connection, identity: Identity & { email: string }): Promise<UserRow> {
    const base = usernameOf(identity);
    for (let n = 1; n <= MOST_NAMESAKES; n++) {
      const username = n === 1 ? base : `${base}-${n}`;
      const row = {
        username,
        name: storableText(identity.name ?? '', MOST_CHARACTERS) || username,
        email: identity.email,
        ...(identity.language !== undefined && { language: identity.language }),
      };
      const [created] = await trx('users')
        .insert(row)
        .onConflict('username')
        .ignore()
        .returning<UserRow[]>(USER_COLUMNS);
      if (created) return created;
    }
    throw new Error(`all user names from ${base} to ${base}-${MOST_NAMESAKES} are taken`);
  }
}

/** A user name of letters, digits, `.`, `_` and `-`: of what they like to be called, or of their address. */
function usernameOf({ username, email }: { username?: string | undefined; email: string }): string {
  const wanted = (username || email).split('@')[0] ?? '';
  const plain = wanted
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return plain.slice(0, 50) || 'user';
}
