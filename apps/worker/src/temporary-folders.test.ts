import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clearTemporary, HOST, removeTemporary, temporaryFolder } from './temporary-folders.js';

const before = process.env.TMPDIR;
/** Larger than any number of a process. */
const GONE = 2 ** 30;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parcelpost-temporary-'));
  process.env.TMPDIR = root;
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(root, { recursive: true, force: true });
});

/** A folder with a file of 10 bytes, both changed so many hours ago. */
function left(name: string, hours: number): string {
  const folder = join(root, name);
  mkdirSync(folder);
  const file = join(folder, 'file.gpkg');
  writeFileSync(file, '0123456789');
  const then = new Date(Date.now() - hours * 3_600_000);
  for (const path of [file, folder]) utimesSync(path, then, then);
  return folder;
}

test('what a killed worker left goes; what is in use stays, and so does what is not of a worker', async () => {
  const inUse = await temporaryFolder('gpkg');
  const old = new Date(0);
  utimesSync(inUse, old, old);
  const stays = [
    inUse,
    // Of this process, which has not yet been told that it is there.
    left(basename(inUse).replace(/\w{6}$/, 'aBc123'), 100),
    // Of a process that runs, and of another machine.
    left(`parcelpost-fgb-${HOST}-${process.ppid}-aBc123`, 1),
    left('parcelpost-fgb-01234567-1-aBc123', 1),
    left('parcelpost-gpkg-zzZ999', 1),
    left('parcelpost-storage-aBc123', 100),
    left('somebody-elses', 100),
  ];
  const goes = [
    // Of a process that had the number of this one, in the container that was here before.
    left(`parcelpost-gpkg-${HOST}-${process.pid}-01234567-aBc123`, 0),
    left(`parcelpost-gpkg-${HOST}-${GONE}-01234567-aBc123`, 0),
    // Of a version that did not write more than its number.
    left(`parcelpost-gpkg-${HOST}-${GONE}-aBc123`, 0),
    left('parcelpost-verify-01234567-1-aBc123', 7),
    // Of a version that did not write its process.
    left('parcelpost-fgb-aBc123', 7),
  ];
  expect(await clearTemporary()).toEqual({ folders: 5, bytes: 50 });
  expect(stays.filter((folder) => !existsSync(folder))).toEqual([]);
  expect(goes.filter((folder) => existsSync(folder))).toEqual([]);
  await removeTemporary(inUse);
  expect(existsSync(inUse)).toBe(false);
});

test('what is still being written in is not left, however long ago its folder was made', async () => {
  const folder = left('parcelpost-gpkg-01234567-1-aBc123', 10);
  const now = new Date();
  utimesSync(join(folder, 'file.gpkg'), now, now);
  expect(await clearTemporary()).toEqual({ folders: 0, bytes: 0 });
});
