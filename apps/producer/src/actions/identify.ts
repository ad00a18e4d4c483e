/** Who calls the API: the user behind a Bearer token. */
import type { UserRow, UserService } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { verifyAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { tokenProblem } from '@parcelpost/shared/tokens/problems.js';
import type { FastifyRequest } from 'fastify';

export class Identifier {
  /** Who has been found behind a request already. */
  readonly #callers = new WeakMap<FastifyRequest, UserRow>();

  constructor(
    readonly users: UserService,
    readonly secrets: readonly string[],
  ) {}

  /**
   * Lets nobody past whom {@link bearer} does not know, before a body is read: only who may ask is told what is wrong with
   * what they ask. An `onRequest` hook.
   * @throws {ProblemError} 401
   */
  readonly guard = async (request: FastifyRequest): Promise<void> => {
    this.#callers.set(request, await this.bearer(request));
  };

  /**
   * The user of `Authorization: Bearer`.
   * @throws {ProblemError} 401, with a problem type of its own for each fault
   */
  async bearer(request: FastifyRequest): Promise<UserRow> {
    const known = this.#callers.get(request);
    if (known) return known;
    const header = request.headers.authorization;
    const [, token] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? [];
    if (token === undefined) throw tokenProblem('token-missing', 'Bearer');
    return (await this.byToken(token)).user;
  }

  /** The user that a token names, and until when it does; undefined if it is not good. */
  async accepted(token: string): Promise<{ user: UserRow; expiresAt: Date } | undefined> {
    try {
      return await this.byToken(token);
    } catch (error) {
      if (error instanceof ProblemError) return undefined;
      throw error;
    }
  }

  /** The user that a token names, and until when it does. @throws {ProblemError} 401; `user-unknown` when there is no such user (any more) */
  async byToken(token: string): Promise<{ user: UserRow; expiresAt: Date }> {
    const { userId, expiresAt } = verifyAuthToken(token, this.secrets);
    const user = await this.users.get(userId);
    if (!user) throw tokenProblem('user-unknown', 'Bearer');
    return { user, expiresAt };
  }
}
