/** Sessions of the pages: a signed cookie says who somebody is, until it expires or they sign out. */
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { SessionService } from '@parcelpost/shared/db/services/sessions.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import { mintSessionToken, type Session, verifySessionToken } from '@parcelpost/shared/tokens/session-token.js';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Name of the cookie; where there is TLS, with the prefix below before it. */
const SESSION_COOKIE = 'parcelpost_session';
/** Browsers take such a cookie from this very host alone, over TLS, for all of its paths (RFC 6265bis, section 4.1.3.2). */
const HOST_PREFIX = '__Host-';

/** A session and whose it is. */
export interface OpenSession extends Session {
  user: UserRow;
  /** The cookie's value. */
  token: string;
}

export class Sessions {
  /** How every cookie of the pages is set: out of reach of scripts, and sent by no form of another site. */
  readonly cookie: CookieSerializeOptions;
  /** The name of the cookie here. */
  readonly sessionCookie: string;
  readonly #found = new WeakMap<FastifyRequest, Promise<OpenSession | undefined>>();
  readonly #secure: boolean;

  constructor(
    readonly service: SessionService,
    readonly options: { secrets: readonly string[]; publicUrl: string; hours: number },
  ) {
    this.#secure = options.publicUrl.startsWith('https:');
    this.sessionCookie = this.cookieName(SESSION_COOKIE);
    this.cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: this.#secure };
  }

  /** The name under which a cookie of the pages is set here. */
  cookieName(name: string): string {
    return this.#secure ? HOST_PREFIX + name : name;
  }

  /**
   * Begins a session of a user: always a new one, whatever cookie the browser came with.
   * @param until when what somebody signed in with expires: the session does not outlive it
   */
  start(
    reply: FastifyReply,
    userId: string,
    { byProvider = false, until }: { byProvider?: boolean; until?: Date | undefined } = {},
  ): void {
    const { secrets } = this.options;
    const most = until === undefined ? Number.POSITIVE_INFINITY : (until.getTime() - Date.now()) / 3_600_000;
    const hours = Math.min(this.options.hours, most);
    const token = mintSessionToken(userId, secrets, { hours, byProvider });
    reply.setCookie(this.sessionCookie, token, this.cookie);
  }

  /** The session of a request; undefined if there is none, or none that is still good. */
  of(request: FastifyRequest): Promise<OpenSession | undefined> {
    const known = this.#found.get(request) ?? this.#find(request);
    this.#found.set(request, known);
    return known;
  }

  /** Whether a request comes with a session that is good no more. */
  async isOver(request: FastifyRequest): Promise<boolean> {
    return !!request.cookies[this.sessionCookie] && (await this.of(request)) === undefined;
  }

  /**
   * Ends the session of a request, for good: a copy of its cookie is worth nothing from then on.
   * @returns the session that was ended, if there was one
   */
  async end(request: FastifyRequest, reply: FastifyReply): Promise<OpenSession | undefined> {
    const session = await this.of(request);
    if (session) await this.service.end(session);
    reply.clearCookie(this.sessionCookie, this.cookie);
    return session;
  }

  async #find(request: FastifyRequest): Promise<OpenSession | undefined> {
    const token = request.cookies[this.sessionCookie];
    if (!token) return undefined;
    try {
      const session = verifySessionToken(token, this.options.secrets);
      const user = await this.service.userOf(session);
      return user && { ...session, user, token };
    } catch (error) {
      if (error instanceof ProblemError) return undefined;
      throw error;
    }
  }
}
