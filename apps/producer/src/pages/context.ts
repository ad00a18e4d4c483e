/** What a page knows of its request: in whose name, in which language, at which address, when. */
import { randomBytes } from 'node:crypto';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { directionOf, knownLanguage, type Language } from '@parcelpost/shared/languages.js';
import { splitTarget } from '@parcelpost/shared/tokens/raw-path.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Sessions } from '../actions/sessions.js';
import { problem } from '../problems.js';
import { csrfHolds, csrfToken } from './csrf.js';
import { localPath } from './local-path.js';
import { acceptedLanguage } from './negotiate.js';

/** All that a page is made of beside its data: with the same context and data it is the same page. */
export interface PageContext {
  language: Language;
  /** Which way the language is written. */
  dir: 'ltr' | 'rtl';
  /** Who is signed in, if anybody. */
  user: UserRow | undefined;
  /** For the hidden field of each form: see `csrfField` of html.ts. */
  csrf: string;
  /** Path and query of this page, for ways back to it. */
  path: string;
  now: Date;
}

/** A context of somebody who is signed in. */
export type SignedInContext = PageContext & { user: UserRow };

/** Nobody is signed in where somebody has to be; answered by a redirection to the page to sign in at. */
export class SignInNeeded extends Error {
  override readonly name = 'SignInNeeded';

  /** @param path where to go on afterwards */
  constructor(readonly path: string) {
    super('Sign in to see this page.');
  }
}

/** What the browser of somebody who has not signed in is known by. */
const VISITOR_COOKIE = 'parcelpost_visitor';
/** The language that somebody chose. */
const LANGUAGE_COOKIE = 'parcelpost_language';
const YEAR_SECONDS = 365 * 86_400;

/** Makes contexts; one for a server. */
export class PageContexts {
  readonly #known = new WeakMap<FastifyRequest, Promise<PageContext>>();
  readonly #visitors = new WeakMap<FastifyRequest, string>();

  constructor(
    readonly sessions: Sessions,
    readonly secrets: readonly string[],
    readonly now: () => Date = () => new Date(),
  ) {}

  /** The context of a request: looked up once. Rejects only where the database does not answer. */
  of(request: FastifyRequest): Promise<PageContext> {
    const known = this.#known.get(request) ?? this.#make(request);
    this.#known.set(request, known);
    return known;
  }

  /** A context without its user, which takes no database; its forms are good if the session is. */
  anonymous(request: FastifyRequest): PageContext {
    const bound = request.cookies?.[this.sessions.sessionCookie] ?? this.#visitor(request);
    return this.#context(request, { user: undefined, csrf: csrfToken(this.secrets, bound) });
  }

  /** Whether a token of a form is good for who sent it. */
  async formHolds(request: FastifyRequest, token: unknown): Promise<boolean> {
    const session = await this.sessions.of(request);
    const bound = session?.token ?? request.cookies[this.sessions.cookieName(VISITOR_COOKIE)];
    return bound !== undefined && csrfHolds(this.secrets, bound, token);
  }

  /** Has the browser of a new visitor keep what the forms of a page are bound to. */
  keepVisitor(reply: FastifyReply): void {
    const visitor = this.#visitors.get(reply.request);
    if (visitor === undefined) return;
    reply.setCookie(this.sessions.cookieName(VISITOR_COOKIE), visitor, this.sessions.cookie);
  }

  /** Has the browser keep the language that somebody chose. */
  keepLanguage(reply: FastifyReply, language: Language): void {
    reply.setCookie(this.sessions.cookieName(LANGUAGE_COOKIE), language, {
      ...this.sessions.cookie,
      maxAge: YEAR_SECONDS,
    });
  }

  async #make(request: FastifyRequest): Promise<PageContext> {
    const session = await this.sessions.of(request);
    return this.#context(request, {
      user: session?.user,
      csrf: csrfToken(this.secrets, session?.token ?? this.#visitor(request)),
    });
  }

  #context(request: FastifyRequest, who: Pick<PageContext, 'user' | 'csrf'>): PageContext {
    const language = chosenLanguage(request, this.sessions) ?? acceptedLanguage(request.headers['accept-language']);
    return { language, dir: directionOf(language), path: ownPath(request), now: this.now(), ...who };
  }

  #visitor(request: FastifyRequest): string {
    const known = request.cookies?.[this.sessions.cookieName(VISITOR_COOKIE)] ?? this.#visitors.get(request);
    if (known !== undefined) return known;
    const visitor = randomBytes(18).toString('base64url');
    this.#visitors.set(request, visitor);
    return visitor;
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    pageContexts: PageContexts;
  }
}

/** The context of a request. */
export function pageContext(request: FastifyRequest): Promise<PageContext> {
  return request.server.pageContexts.of(request);
}

/** The context of a request of somebody who is signed in. @throws {SignInNeeded} */
export async function signedInContext(request: FastifyRequest): Promise<SignedInContext> {
  const context = await pageContext(request);
  const { user } = context;
  if (!user) throw new SignInNeeded(context.path);
  return { ...context, user };
}

/**
 * The context of a request for the JSON beside a page, of somebody who is signed in.
 * @throws {ProblemError} 401 `token-missing`: a program is not sent to a page
 */
export async function signedInForJson(request: FastifyRequest): Promise<SignedInContext> {
  const context = await pageContext(request);
  const { user } = context;
  if (user) return { ...context, user };
  throw problem('token-missing', 'Sign in to see this: the JSON of a page takes the cookie of its session.');
}

function chosenLanguage(request: FastifyRequest, sessions: Sessions): Language | undefined {
  // A form is answered in the language of the page that it stands on.
  const asked = new URLSearchParams(splitTarget(ownPath(request)).query).get('lang');
  const kept = request.cookies?.[sessions.cookieName(LANGUAGE_COOKIE)];
  return knownLanguage(asked ?? '') ?? knownLanguage(kept ?? '');
}

/** The page that a request shows, or that its form stands on. */
function ownPath(request: FastifyRequest): string {
  if (request.method === 'GET' || request.method === 'HEAD') return localPath(request.raw.url);
  const { referer, host } = request.headers;
  if (referer === undefined || !URL.canParse(referer)) return localPath(undefined);
  const from = new URL(referer);
  return localPath(from.host === host ? from.pathname + from.search : undefined);
}
