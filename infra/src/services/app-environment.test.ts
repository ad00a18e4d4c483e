import { expect, test } from 'vitest';
import { appEnvironment, inheritedEnvironment } from './app-environment.js';

const secrets = {
  TOKEN_SECRET: 't',
  AUTH_SECRET: 'a',
  SEAL_SECRET: 's',
  SIGNATURE_SECRET: 'g',
  WEBHOOK_SECRET: 'w',
};
const environment = appEnvironment({
  databaseUrls: { producer: 'postgres://producer@127.0.0.1/x', worker: 'postgres://worker@127.0.0.1/x' },
  storageDir: '/data',
  publicUrl: 'http://127.0.0.1:3000',
  smtpUrl: 'smtp://user:password@127.0.0.1',
  secrets,
});
const secretsIn = (env: NodeJS.ProcessEnv) => Object.keys(secrets).filter((name) => name in env);

test('each app gets the secrets that it needs and no other', () => {
  expect(secretsIn(environment.producer)).toEqual(['TOKEN_SECRET', 'AUTH_SECRET', 'SEAL_SECRET', 'SIGNATURE_SECRET']);
  expect(secretsIn(environment.worker)).toEqual(['SEAL_SECRET', 'SIGNATURE_SECRET', 'WEBHOOK_SECRET']);
  expect(environment.producer).not.toHaveProperty('SMTP_URL');
});

test('nor does it inherit another', () => {
  const env = { ...secrets, TOKEN_KEYS: 'k', PATH: '/bin', HOST: '127.0.0.1' };
  expect(inheritedEnvironment('worker', env)).toEqual({
    PATH: '/bin',
    HOST: '127.0.0.1',
    SEAL_SECRET: 's',
    SIGNATURE_SECRET: 'g',
    WEBHOOK_SECRET: 'w',
  });
  expect(secretsIn(inheritedEnvironment('producer', env))).not.toContain('WEBHOOK_SECRET');
  expect(inheritedEnvironment('producer', env).TOKEN_KEYS).toBe('k');
});
