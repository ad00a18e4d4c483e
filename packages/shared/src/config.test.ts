import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError, readOpsConfig, readProducerConfig, readWorkerConfig } from './config.js';

const SECRET = 'a secret of more than thirty-two characters';
const common = {
  DATABASE_URL: 'postgres://db/parcelpost',
  STORAGE_URL: 'file:///data',
  SEAL_SECRET: SECRET,
  SIGNATURE_SECRET: SECRET,
};
const ofProducer = { ...common, TOKEN_SECRET: SECRET, AUTH_SECRET: SECRET };
const ofWorker = { ...common, SMTP_URL: 'smtp://mail.example.org' };

function complaint(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('what is missing or wrong is named', () => {
  it('all of it at once', () => {
    const env = { ...ofProducer, SEAL_SECRET: 'short', AUTH_SECRET: '', PORT: 'x' };
    const lines = complaint(() => readProducerConfig(env)).split('\n');
    expect(lines.map((line) => line.split(' ')[0]).toSorted()).toEqual(['AUTH_SECRET', 'PORT', 'SEAL_SECRET']);
    expect(lines).toContain('AUTH_SECRET is not set');
  });

  it('and its value is not shown', () => {
    expect(complaint(() => readProducerConfig({ ...ofProducer, SEAL_SECRET: 'short' }))).not.toContain('short');
  });
});

describe('REMOVAL_GRACE_SECONDS', () => {
  it.each(['1', '60', '119', '-1'])('%s is refused: a download says after a minute that it goes on', (given) => {
    const said = complaint(() => readWorkerConfig({ ...ofWorker, REMOVAL_GRACE_SECONDS: given }));
    expect(said).toMatch(/^REMOVAL_GRACE_SECONDS is wrong: /);
  });

  it.each([
    ['0', 0],
    ['120', 120],
    [undefined, 300],
  ])('%s is taken', (given, taken) => {
    expect(readWorkerConfig({ ...ofWorker, REMOVAL_GRACE_SECONDS: given }).REMOVAL_GRACE_SECONDS).toBe(taken);
  });
});

describe('PUBLIC_URL', () => {
  it.each([
    ['https://parcelpost.example.org', 'https://parcelpost.example.org'],
    ['https://parcelpost.example.org/', 'https://parcelpost.example.org'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    [undefined, 'http://127.0.0.1:3000'],
  ])('%s is taken', (given, taken) => {
    expect(readProducerConfig({ ...ofProducer, PUBLIC_URL: given }).PUBLIC_URL).toBe(taken);
    expect(readWorkerConfig({ ...ofWorker, PUBLIC_URL: given }).PUBLIC_URL).toBe(taken);
  });

  it.each([
    'https://maps.example.org/parcelpost',
    'https://maps.example.org/parcelpost/',
    'https://maps.example.org/?a=1',
    'https://maps.example.org/#a',
    'https://ana:password@maps.example.org/',
  ])('%s is refused, since the pages are at the root of their host', (given) => {
    const said = complaint(() => readProducerConfig({ ...ofProducer, PUBLIC_URL: given }));
    expect(said).toMatch(/^PUBLIC_URL is wrong: must be scheme and host alone/);
  });

  it.each(['maps.example.org', 'ftp://maps.example.org'])('%s is no address of a page', (given) => {
    const said = complaint(() => readWorkerConfig({ ...ofWorker, PUBLIC_URL: given }));
    expect(said).toBe('PUBLIC_URL is wrong: must be a URL that begins with http:// or https://');
  });
});

it('a worker needs no secret that mints tokens, and alone says how long bundles are kept', () => {
  expect(readWorkerConfig({ ...ofWorker, EXPORT_TTL_HOURS: '3' }).EXPORT_TTL_HOURS).toBe(3);
  expect(readWorkerConfig(ofWorker)).not.toHaveProperty('AUTH_SECRET');
  expect(readProducerConfig({ ...ofProducer, EXPORT_TTL_HOURS: '3' })).not.toHaveProperty('EXPORT_TTL_HOURS');
});

it('webhooks are signed with one secret or several, none of them short, and the short one is not shown', () => {
  const [one, next] = ['a secret of 24 characters', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
  expect(readWorkerConfig(ofWorker).WEBHOOK_SECRET).toBeUndefined();
  expect(readWorkerConfig({ ...ofWorker, WEBHOOK_SECRET: `${next}, ${one}` }).WEBHOOK_SECRET).toEqual([next, one]);
  const said = complaint(() => readWorkerConfig({ ...ofWorker, WEBHOOK_SECRET: `${one},hunter2` }));
  expect(said).toMatch(/^WEBHOOK_SECRET is wrong: each secret needs at least 24 characters/);
  expect(said).not.toContain('hunter2');
});

describe('names of queues', () => {
  it('routes and roles are lists; a worker has every queue that it knows unless told otherwise', () => {
    const config = readWorkerConfig({ ...ofWorker, TASK_ROUTES: 'gis, reports' });
    expect([config.TASK_ROUTES, config.WORKER_QUEUES]).toEqual([['gis', 'reports'], undefined]);
    expect(readWorkerConfig({ ...ofWorker, WORKER_QUEUES: 'export' }).WORKER_QUEUES).toEqual(['export']);
    expect(readProducerConfig(ofProducer).TASK_ROUTES).toEqual([]);
  });

  it.each(['gis.index', 'g:s', '-gis', '2gis', 'x'.repeat(65)])('%s is no queue, and the message names it', (name) => {
    for (const variable of ['TASK_ROUTES', 'WORKER_QUEUES']) {
      const said = complaint(() => readWorkerConfig({ ...ofWorker, [variable]: `ok,${name}` }));
      expect(said).toContain(`${variable} is wrong: "${name}" is no queue`);
      expect(said.split('\n')).toHaveLength(1);
    }
  });
});

describe('origins of pages that may use the API', () => {
  it('there are none by default, and several stand in a list', () => {
    expect(readProducerConfig(ofProducer).CORS_ORIGINS).toEqual([]);
    const CORS_ORIGINS = 'https://maps.example.org, http://localhost:8080';
    const origins = ['https://maps.example.org', 'http://localhost:8080'];
    expect(readProducerConfig({ ...ofProducer, CORS_ORIGINS }).CORS_ORIGINS).toEqual(origins);
  });

  it.each([
    '*',
    'null',
    'maps.example.org',
    'https://maps.example.org/',
    'https://*.example.org',
    'https://x:443',
    'file:///x',
  ])('%s is none, and the message names it', (name) => {
    const said = complaint(() => readProducerConfig({ ...ofProducer, CORS_ORIGINS: name }));
    expect(said).toContain(`CORS_ORIGINS is wrong: "${name}" is no origin`);
  });
});

it('follow-ups are signed: neither producer nor worker starts without the secret, or with a short one', () => {
  for (const [read, env] of [
    [readProducerConfig, ofProducer],
    [readWorkerConfig, ofWorker],
  ] as const) {
    expect(complaint(() => read({ ...env, SIGNATURE_SECRET: undefined }))).toBe('SIGNATURE_SECRET is not set');
    expect(complaint(() => read({ ...env, SIGNATURE_SECRET: 'short' }))).toMatch(/^SIGNATURE_SECRET is wrong: each/);
    expect(read({ ...env, SIGNATURE_SECRET: `${SECRET},${SECRET}2` }).SIGNATURE_SECRET).toEqual([SECRET, `${SECRET}2`]);
  }
});

it('looking after an installation needs to know where things are, and no secret', () => {
  const config = readOpsConfig({ ...ofProducer, SWEEP_SECONDS: '0.5' });
  expect(config).toMatchObject({ DATABASE_URL: common.DATABASE_URL, QUEUE_PREFIX: 'parcelpost', SWEEP_SECONDS: 0.5 });
  expect(JSON.stringify(config)).not.toContain(SECRET);
  expect(readOpsConfig({ DATABASE_URL: common.DATABASE_URL }).STORAGE_URL).toBeUndefined();
});

describe('what tokens are signed with', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { TOKEN_SECRET: _, ...withoutSecret } = ofProducer;
  const algorithms = (env: object) =>
    readProducerConfig(env as NodeJS.ProcessEnv).TOKEN_KEYS.map((key) => key.algorithm);

  it('is a secret, or a pair of keys, or both, and then the pair signs', () => {
    expect(algorithms({ ...ofProducer, TOKEN_SECRET: `${SECRET},${SECRET}2` })).toEqual(['HS256', 'HS256']);
    expect(algorithms({ ...withoutSecret, TOKEN_KEYS: pem })).toEqual(['RS256']);
    expect(algorithms({ ...ofProducer, TOKEN_KEYS: pem })).toEqual(['RS256', 'HS256']);
    expect(algorithms({ ...ofProducer, TOKEN_KEYS: '' })).toEqual(['HS256']);
    expect(complaint(() => readProducerConfig(withoutSecret))).toBe('TOKEN_SECRET is not set');
  });

  it.each([
    [
      'TOKEN_KEYS',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
      /^TOKEN_KEYS is wrong: entry 1 is an RSA key of 1024 bits/,
    ],
    ['TOKEN_KEYS', rsa.publicKey, /^TOKEN_KEYS is wrong: the first key is a public one, and cannot sign/],
    ['TOKEN_SECRET', rsa.publicKey, /^TOKEN_SECRET is wrong: is a key of a pair/],
  ] as const)('%s is named where a key is weak, or in the wrong place', (variable, key, says) => {
    const text = key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' } as {
      type: 'spki';
      format: 'pem';
    });
    const said = complaint(() => readProducerConfig({ ...ofProducer, [variable]: text.toString() }));
    expect(said).toMatch(says);
    expect(said.split('\n')).toHaveLength(1);
    expect(said).not.toContain('BEGIN');
  });

  it('is no secret that is one letter many times', () => {
    const said = complaint(() => readProducerConfig({ ...ofProducer, TOKEN_SECRET: 'hunter'.repeat(8) }));
    expect(said).toMatch(/^TOKEN_SECRET is wrong: a secret with so few different characters/);
    expect(said).not.toContain('hunter');
  });
});
