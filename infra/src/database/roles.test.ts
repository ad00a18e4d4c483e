import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keptPasswords, newPasswords, ROLES, roleUrls } from './roles.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-roles-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('passwords are made once, differ, and are for nobody but the owner of their file to read', () => {
  const made = keptPasswords(folder);
  expect(new Set(ROLES.map((role) => made[role])).size).toBe(ROLES.length);
  expect(keptPasswords(folder)).toEqual(made);
  expect(statSync(join(folder, 'roles.json')).mode & 0o777).toBe(0o600);
  expect(newPasswords()).not.toEqual(made);
});

test.each(['', '{', '{}', '{"owner": "a", "producer": "b", "worker": 1}'])(
  'a file of %j is refused by name',
  (text) => {
    writeFileSync(join(folder, 'roles.json'), text);
    expect(() => keptPasswords(folder)).toThrow(`${join(folder, 'roles.json')} holds no passwords`);
  },
);

test('each role has an address of its own, whatever its password holds', () => {
  const passwords = { owner: 'a/b@c', producer: 'p', worker: 'w' };
  const urls = roleUrls('postgres://admin:secret@db:5432/parcelpost', passwords);
  expect(urls.worker).toBe('postgres://parcelpost_worker:w@db:5432/parcelpost');
  expect(decodeURIComponent(new URL(urls.owner).password)).toBe('a/b@c');
  expect(Object.values(urls).join()).not.toContain('secret');
});
