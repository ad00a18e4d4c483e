import { expect, it } from 'vitest';
import { z } from 'zod';
import { providerConfig, signInFault, signInVariables } from './sign-in-config.js';

const variables = z.object(signInVariables);
const read = (env: Record<string, string>) => variables.safeParse(env);

it.each([
  ['https://id.example.org', true],
  ['https://id.example.org/realms/land', true],
  ['http://127.0.0.1:8080', true],
  ['http://localhost:8080/realms/x', true],
  ['http://id.example.org', false],
  ['http://127.0.0.1.example.org', false],
  ['id.example.org', false],
  ['javascript:alert(1)', false],
])('a provider at %s is taken: %s', (OIDC_ISSUER, taken) => {
  expect(read({ OIDC_ISSUER }).success).toBe(taken);
});

it('without openid among the scopes there would be no identity', () => {
  expect(read({ OIDC_SCOPES: 'profile email' }).success).toBe(false);
  expect(read({ OIDC_SCOPES: 'email openid' }).success).toBe(true);
});

it('a provider without a client id, or beside sample users, is a fault', () => {
  const issuer = { OIDC_ISSUER: 'https://id.example.org' };
  const fault = (env: Record<string, string>) => signInFault(variables.parse(env));
  expect(fault({})).toBeUndefined();
  expect(fault({ SAMPLE_SIGN_IN: 'true' })).toBeUndefined();
  expect(fault(issuer)).toContain('OIDC_CLIENT_ID is not set');
  expect(fault({ ...issuer, OIDC_CLIENT_ID: 'x' })).toBeUndefined();
  expect(fault({ ...issuer, OIDC_CLIENT_ID: 'x', SAMPLE_SIGN_IN: 'true' })).toContain('SAMPLE_SIGN_IN is wrong');
});

it('nobody is linked or made unless that is asked for, and a provider is called by its host', () => {
  const env = { OIDC_ISSUER: 'https://id.example.org/realms/land', OIDC_CLIENT_ID: 'x' };
  expect(providerConfig(variables.parse(env))).toEqual({
    issuer: env.OIDC_ISSUER,
    clientId: 'x',
    clientSecret: undefined,
    scopes: 'openid profile email',
    name: 'id.example.org',
    linkEmail: false,
    trustEmail: false,
    createUsers: false,
  });
  expect(providerConfig(variables.parse({}))).toBeUndefined();
});
