/**
 * The identity provider: OpenID Connect Core 1.0 by the authorization code flow, with PKCE (RFC 7636), `state`, `nonce` and the
 * check of `iss` (RFC 9207). Nothing is asked of it before somebody signs in, so that one that is away stops no start.
 */
import type { Identity } from '@parcelpost/shared/db/services/identities.js';
import { knownLanguage } from '@parcelpost/shared/languages.js';
import type { ProviderConfig } from '@parcelpost/shared/sign-in-config.js';
import { isStorable } from '@parcelpost/shared/storable-text.js';
import type { Configuration, IDToken, UserInfoResponse } from 'openid-client';

/** How long the provider may take for each answer. */
const PATIENCE_SECONDS = 5;

/** What of a sign-in that began has to be known when it comes back. */
export interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
  /** Where to go on afterwards. */
  next: string;
}

interface Found {
  client: typeof import('openid-client');
  configuration: Configuration;
}

/** The provider cannot be reached, or does not answer as one. It may later. */
export class ProviderAwayError extends Error {
  override readonly name = 'ProviderAwayError';
}

/** The provider, or somebody who pretends to be it, answered what cannot be believed; or it let nobody in. */
export class SignInRefusedError extends Error {
  override readonly name = 'SignInRefusedError';
}

export class Provider {
  readonly name: string;
  readonly #redirectUri: string;
  #found: Promise<Found> | undefined;

  constructor(
    readonly config: ProviderConfig,
    readonly publicUrl: string,
  ) {
    this.name = config.name;
    this.#redirectUri = `${publicUrl}/sign-in/callback`;
  }

  /**
   * Begins to sign somebody in.
   * @returns where to send them, and what to keep until they are back
   * @throws {ProviderAwayError}
   */
  async begin(next: string, language: string): Promise<{ url: URL; attempt: Attempt }> {
    const { client, configuration } = await this.#find();
    const attempt = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      next,
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri,
      scope: this.config.scopes,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
      ui_locales: language,
    });
    return { url, attempt };
  }

  /**
   * Ends it: has the provider exchange the code, and checks all that it says.
   * @param query of the address at which somebody came back, as it stands
   * @throws {ProviderAwayError}
   * @throws {SignInRefusedError} also where the provider says that somebody was not let in
   */
  async end(query: string, { state, nonce, verifier }: Attempt): Promise<Identity> {
    const { client, configuration } = await this.#find();
    const url = new URL(`${this.#redirectUri}?${query}`);
    try {
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
      });
      const claims = tokens.claims() as IDToken;
      return this.#identity(claims, await this.#more(claims, tokens.access_token));
    } catch (error) {
      throw isAway(error)
        ? new ProviderAwayError(`${this.config.issuer} did not answer`, { cause: error })
        : new SignInRefusedError(`${this.config.issuer} signed nobody in`, { cause: error });
    }
  }

  /** Where somebody signs out at the provider too; undefined if it has no such place, or is away. */
  async signOutUrl(): Promise<URL | undefined> {
    try {
      const { client, configuration } = await this.#find();
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
      return client.buildEndSessionUrl(configuration, { post_logout_redirect_uri: `${this.publicUrl}/signed-out` });
    } catch {
      return undefined;
    }
  }

  /** What the ID token does not say of somebody, where it lacks the address. */
  async #more(claims: IDToken, accessToken: string): Promise<Partial<UserInfoResponse>> {
    const { client, configuration } = await this.#find();
    if (claims.email !== undefined || configuration.serverMetadata().userinfo_endpoint === undefined) return {};
    return client.fetchUserInfo(configuration, accessToken, claims.sub);
  }

  #identity(claims: IDToken, more: Partial<UserInfoResponse>): Identity {
    if (!isStorable(claims.sub)) throw new Error('the subject has characters that no database keeps');
    const said: Record<string, unknown> = { ...claims, ...more };
    const text = (name: string) => {
      const value = said[name];
      return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
    };
    const hasEmail = said.email_verified === true || this.config.trustEmail;
    const email = text('email');
    const isEmail = email !== undefined && isStorable(email) && /^[^@\s<>"]+@[^@\s<>"]+$/.test(email);
    return {
      issuer: claims.iss,
      subject: claims.sub,
      name: text('name'),
      username: text('preferred_username'),
      email: hasEmail && isEmail ? email : undefined,
      language: knownLanguage(text('locale') ?? ''),
    };
  }

  /** What the provider says of itself (OpenID Connect Discovery 1.0), asked once it is needed, and again if that failed. */
  #find(): Promise<Found> {
    this.#found ??= this.#discover().catch((error: unknown) => {
      this.#found = undefined;
      throw new ProviderAwayError(`${this.config.issuer} could not be asked what it offers`, { cause: error });
    });
    return this.#found;
  }

  async #discover(): Promise<Found> {
    // Loaded when somebody signs in: most processes that start never need it at once.
    const client = await import('openid-client');
    const { issuer, clientId, clientSecret } = this.config;
    const server = new URL(issuer);
    const configuration = await client.discovery(
      server,
      clientId,
      {},
      clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret),
      {
        timeout: PATIENCE_SECONDS,
        execute: [
          // The signature of an ID token is checked too, though it comes from the provider itself.
          client.enableNonRepudiationChecks,
          ...(server.protocol === 'http:' ? [client.allowInsecureRequests] : []),
        ],
      },
    );
    return { client, configuration };
  }
}

/** Whether what went wrong is that the provider was not there, rather than what it said. */
function isAway(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { name, code } = at as Error & { code?: unknown };
    if (name === 'TimeoutError' || name === 'AbortError') return true;
    if (typeof code === 'string' && /^(E[A-Z]+|UND_ERR_\w+|OAUTH_TIMEOUT)$/.test(code)) return true;
  }
  return false;
}
