import { expect, test } from 'vitest';
import { sampleSignIn } from './local.js';

test.each([{}, { HOST: '' }, { HOST: 'localhost' }, { HOST: '127.0.0.1' }, { HOST: '127.1.2.3' }, { HOST: '::1' }])(
  'sample users may sign in where only this machine can reach the pages: %j',
  (env) => {
    expect(sampleSignIn(env)).toBe('true');
  },
);

test.each([{ HOST: '0.0.0.0' }, { HOST: '::' }, { HOST: '10.0.0.7' }, { HOST: '127.0.0.1.example.org' }])(
  'and not where others can: %j',
  (env) => {
    expect(sampleSignIn(env)).toBe('false');
  },
);

test('unless it is said outright', () => {
  expect(sampleSignIn({ HOST: '0.0.0.0', SAMPLE_SIGN_IN: 'true' })).toBe('true');
  expect(sampleSignIn({ SAMPLE_SIGN_IN: 'false' })).toBe('false');
});
