import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileError, PartFile, placeOf } from './target.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-target-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const signal = new AbortController().signal;
const path = () => join(folder, 'a.zip');

it('has the hash of all that is there, what an earlier run left included', async () => {
  writeFileSync(`${path()}.part`, 'one ');
  const file = await PartFile.open(path(), false, signal);
  expect(file.offset).toBe(4);
  await file.write(Buffer.from('two'));
  expect(file.digest()).toBe(createHash('sha256').update('one two').digest('hex'));
  await file.finish();
  expect([readFileSync(path(), 'utf8'), existsSync(`${path()}.part`)]).toEqual(['one two', false]);
});

it('replaces no file that has come there meanwhile, and keeps what it has', async () => {
  const file = await PartFile.open(path(), false, signal);
  await file.write(Buffer.from('ours'));
  writeFileSync(path(), 'theirs');
  await expect(file.finish()).rejects.toMatchObject({ code: 'file-exists', exit: 7 });
  expect([readFileSync(path(), 'utf8'), readFileSync(`${path()}.part`, 'utf8')]).toEqual(['theirs', 'ours']);
});

it('leaves no empty file behind', async () => {
  const file = await PartFile.open(path(), false, signal);
  await file.close();
  expect(existsSync(`${path()}.part`)).toBe(false);
});

it('refuses a place before anything is asked for', async () => {
  await expect(placeOf(join(folder, 'none/a.zip'), false)).rejects.toMatchObject({
    exit: 7,
    message: expect.stringContaining('no such folder'),
  });
  writeFileSync(path(), '');
  await expect(placeOf(path(), false)).rejects.toMatchObject({ code: 'file-exists' });
  expect(await placeOf(path(), true)).toEqual({ kind: 'file', path: path() });
  expect(await placeOf(folder, false)).toEqual({ kind: 'folder', path: folder });
  expect(await placeOf('-', false)).toEqual({ kind: 'stdout' });
});

it.each([
  ['ENOSPC', 'disk-full', 'the disk is full'],
  ['EDQUOT', 'disk-full', 'quota'],
  ['EROFS', 'file', 'nothing can be written'],
])('says what %s means, and that the rest can be fetched', (code, kind, words) => {
  const error = fileError(Object.assign(new Error(code), { code }), '/data/a.zip');
  expect([error.exit, error.code]).toEqual([7, kind]);
  expect(error.message).toContain(words);
  expect(error.details.advice).toHaveLength(1);
});
