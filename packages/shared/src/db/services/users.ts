import type { Connection } from '../database.js';

export interface UserRow {
  id: string;
  username: string;
  name: string;
  email: string;
  /** BCP 47 tag of the language that the user prefers; kept with each export. Mails are in English so far. */
  language: string;
}

export const USER_COLUMNS = ['id', 'username', 'name', 'email', 'language'] as const;

/** Whether a text can be the id of a row: PostgreSQL refuses to compare ids with anything else. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** The rows of `users`: the people who may ask for exports. */
export class UserService {
  constructor(readonly db: Connection) {}

  /** Undefined where there is none, also where the id is none that could exist. */
  async get(id: string): Promise<UserRow | undefined> {
    if (!isUuid(id)) return undefined;
    return this.db('users').where({ id }).first<UserRow | undefined>(USER_COLUMNS);
  }

  async byUsername(username: string): Promise<UserRow | undefined> {
    return this.db('users').where({ username }).first<UserRow | undefined>(USER_COLUMNS);
  }

  /** The first users by name, for a sample installation to choose from. */
  async list(limit: number): Promise<UserRow[]> {
    return this.db('users').orderBy('username').limit(limit).select<UserRow[]>(USER_COLUMNS);
  }
}
