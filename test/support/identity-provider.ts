/**
 * An identity provider (OpenID Connect) that signs everybody in at once, and does wrong what a test has it do wrong. What
 * it signs, and how, is as the standard has it otherwise.
 */
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';

export interface IdentityProvider {
  issuer: string;
  /** Who signs in: claims of the ID token beside those that each has. */
  person: Record<string, unknown>;
  /** What it does wrong; put something in, and take it out again. */
  wrong: {
    /** Claims in place of the right ones. */
    claims?: Record<string, unknown>;
    /** Parameters of the way back in place of the right ones; null leaves one out. */
    back?: Record<string, string | null>;
    /** Signs with a key that nobody knows. */
    key?: boolean;
    /** Signs nothing (`alg: none`). */
    unsigned?: boolean;
    /** Answers nothing but this status. */
    status?: number;
  };
  /** How often a code was exchanged. */
  exchanged(): number;
  close(): Promise<void>;
}

const makeKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

export async function startIdentityProvider(client: { id: string; secret: string }): Promise<IdentityProvider> {
  const key = makeKey();
  const another = makeKey();
  const codes = new Map<string, { nonce: string; challenge: string }>();
  let exchanged = 0;

  const answer = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  const idToken = (nonce: string) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: provider.issuer,
      aud: client.id,
      iat: now,
      exp: now + 300,
      nonce,
      ...provider.person,
      ...provider.wrong.claims,
    };
    if (provider.wrong.unsigned) return jwt.sign(claims, '', { algorithm: 'none' });
    return jwt.sign(claims, (provider.wrong.key ? another : key).privateKey, { algorithm: 'RS256', keyid: 'one' });
  };

  const routes: Record<string, (request: IncomingMessage, url: URL, response: ServerResponse) => unknown> = {
    '/.well-known/openid-configuration': (_request, _url, response) =>
      answer(response, 200, {
        issuer: provider.issuer,
        authorization_endpoint: `${provider.issuer}/authorize`,
        token_endpoint: `${provider.issuer}/token`,
        jwks_uri: `${provider.issuer}/jwks`,
        end_session_endpoint: `${provider.issuer}/end`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
      }),
    '/jwks': (_request, _url, response) =>
      answer(response, 200, {
        keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }],
      }),
    '/authorize': (_request, { searchParams }, response) => {
      const code = randomUUID();
      codes.set(code, { nonce: `${searchParams.get('nonce')}`, challenge: `${searchParams.get('code_challenge')}` });
      const back = { code, state: `${searchParams.get('state')}`, iss: provider.issuer, ...provider.wrong.back };
      const target = new URL(`${searchParams.get('redirect_uri')}`);
      for (const [name, value] of Object.entries(back)) if (value !== null) target.searchParams.set(name, value);
      response.writeHead(303, { location: target.href }).end();
    },
    '/token': async (request, _url, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      exchanged++;
      const sent = new URLSearchParams(body);
      const code = `${sent.get('code')}`;
      const found = codes.get(code);
      codes.delete(code);
      const challenge = createHash('sha256')
        .update(`${sent.get('code_verifier')}`)
        .digest('base64url');
      if (found?.challenge !== challenge) return answer(response, 400, { error: 'invalid_grant' });
      return answer(response, 200, {
        access_token: randomUUID(),
        token_type: 'Bearer',
        expires_in: 300,
        id_token: idToken(found.nonce),
      });
    },
  };

  const server = createServer((request, response) => {
    const url = new URL(`${request.url}`, provider.issuer);
    const route = routes[url.pathname];
    if (provider.wrong.status !== undefined) return void response.writeHead(provider.wrong.status).end();
    if (!route) return void response.writeHead(404).end();
    return void route(request, url, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: IdentityProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    person: { sub: 'subject-1' },
    wrong: {},
    exchanged: () => exchanged,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return provider;
}
