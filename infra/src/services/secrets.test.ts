import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localSecrets } from './secrets.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'parcelpost-secrets-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

describe('local secrets', () => {
  test('are made once, differ from each other, and are for their owner alone', () => {
    const made = localSecrets(join(dataDir, 'new'));
    expect(new Set(Object.values(made)).size).toBe(5);
    expect(Object.values(made).every((secret) => secret.length >= 32)).toBe(true);
    expect(localSecrets(join(dataDir, 'new'))).toEqual(made);
    expect(statSync(join(dataDir, 'new', 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  test('of an earlier version are kept, and those that came later are added for good', () => {
    writeFileSync(join(dataDir, 'secrets.json'), '{"TOKEN_SECRET": "kept"}');
    const made = localSecrets(dataDir);
    expect(made.TOKEN_SECRET).toBe('kept');
    expect(made.SIGNATURE_SECRET.length).toBeGreaterThanOrEqual(32);
    expect(localSecrets(dataDir)).toEqual(made);
  });

  test.each(['', 'null'])('of a damaged file (%j) are not made up: it is named', (text) => {
    writeFileSync(join(dataDir, 'secrets.json'), text);
    expect(() => localSecrets(dataDir)).toThrow(join(dataDir, 'secrets.json'));
  });
});
