import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Destination, destinationIn, fileError, PartFile, placeOf } from './target.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-target-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const signal = new AbortController().signal;
const path = () => join(folder, 'a.zip');

const ID = '0a1b2c3d-1111-4111-8111-111111111111';
const OTHER = 'ffffffff-2222-4222-8222-222222222222';
const part = (id = ID) => `${path()}.${id.slice(0, 8)}.part`;
const opened = (changes: Partial<Destination> = {}) =>
  PartFile.open({ path: path(), id: ID, force: false, ...changes }, signal);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const files = () => readdirSync(folder).sort();

it('has the hash of all that is there, what an earlier run left included', async () => {
  writeFileSync(part(), 'one ');
  const file = await opened();
  expect(file.offset).toBe(4);
  await file.write(Buffer.from('two'));
  expect(await file.digest()).toBe(sha256('one two'));
  await file.finish();
  expect([readFileSync(path(), 'utf8'), file.name, files()]).toEqual(['one two', path(), ['a.zip']]);
});

it('has the hash of the file, and not of what was written, where something else wrote to it', async () => {
  const file = await opened();
  await file.write(Buffer.from('our bytes'));
  const other = openSync(part(), 'r+');
  writeSync(other, 'their', 0);
  closeSync(other);
  expect(await file.digest()).toBe(sha256('theirytes'));
  await file.close();
});

it('replaces no file that has come there meanwhile, and keeps what it has', async () => {
  const file = await opened();
  await file.write(Buffer.from('ours'));
  writeFileSync(path(), 'theirs');
  await expect(file.finish()).rejects.toMatchObject({ code: 'file-exists', exit: 7 });
  await file.close();
  expect([readFileSync(path(), 'utf8'), readFileSync(part(), 'utf8')]).toEqual(['theirs', 'ours']);
});

it('gets no name once what it wrote to lies there no more', async () => {
  const file = await opened();
  await file.write(Buffer.from('ours'));
  rmSync(part());
  writeFileSync(part(), 'theirs');
  await expect(file.finish()).rejects.toMatchObject({ code: 'file', message: expect.stringContaining('replaced') });
  await file.close();
  expect(files()).toEqual([basename(part())]);
});

it('of two exports under one name keeps both: the second gets its id into the name', async () => {
  const place = { kind: 'folder', path: folder } as const;
  const both = [ID, OTHER].map((id) => destinationIn(place, { name: 'a.zip', id, force: false }));
  const [first, second] = (await Promise.all(both.map((each) => PartFile.open(each, signal)))) as [PartFile, PartFile];
  await Promise.all([first.write(Buffer.from('first')), second.write(Buffer.from('second'))]);
  await first.finish();
  await second.finish();
  expect([first.name, second.name]).toEqual([path(), join(folder, 'a-ffffffff.zip')]);
  expect([readFileSync(first.name, 'utf8'), readFileSync(second.name, 'utf8')]).toEqual(['first', 'second']);
  expect(files()).toEqual(['a-ffffffff.zip', 'a.zip']);
  await expect(PartFile.open(both[1] as Destination, signal)).rejects.toMatchObject({ code: 'file-exists' });
  const chosen = destinationIn({ kind: 'file', path: path() }, { name: 'b.zip', id: ID, force: false });
  await expect(PartFile.open(chosen, signal)).rejects.toMatchObject({ code: 'file-exists' });
});

it('is written to by one command at a time', async () => {
  const first = await opened();
  await expect(opened()).rejects.toMatchObject({
    exit: 7,
    code: 'file-busy',
    message: expect.stringContaining(`process ${process.pid} on `),
  });
  await first.write(Buffer.from('one'));
  await first.close();
  const second = await opened();
  expect(second.offset).toBe(3);
  await second.close();
  expect(files()).toEqual([basename(part())]);
});

it.each<[string, () => number]>([
  ['that is no more', () => spawnSync(process.execPath, ['-e', '']).pid],
  ['that had our number', () => process.pid],
])('goes on at once with the part of a process %s', async (_, pid) => {
  writeFileSync(part(), 'one');
  writeFileSync(`${part()}.lock`, JSON.stringify({ host: hostname(), pid: pid(), key: 'k' }));
  const file = await opened();
  expect(file.offset).toBe(3);
  await file.close();
  expect(files()).toEqual([basename(part())]);
});

it('waits minutes for one of whom nothing can be known, and then leaves it its own file', async () => {
  writeFileSync(part(), 'one');
  const lock = `${part()}.lock`;
  const theirs = openSync(part(), 'r+');
  try {
    writeFileSync(lock, JSON.stringify({ host: 'another', pid: 1, key: 'k' }));
    await expect(opened()).rejects.toMatchObject({ code: 'file-busy', message: expect.stringContaining('another') });
    const before = new Date(Date.now() - 6 * 60_000);
    utimesSync(lock, before, before);
    const file = await opened();
    await file.write(Buffer.from('ours'));
    writeSync(theirs, 'theirs', 0);
    expect(await file.digest()).toBe(sha256('ours'));
    await file.close();
  } finally {
    closeSync(theirs);
  }
});

it('leaves no empty file behind', async () => {
  const file = await opened();
  expect(files()).toHaveLength(2);
  await file.close();
  expect(files()).toEqual([]);
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
