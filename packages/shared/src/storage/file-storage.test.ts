import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noteSyncs } from '../../../../test/support/synced.js';
import { FileStorage } from './file-storage.js';

describe('file storage', () => {
  let root: string;
  let storage: FileStorage;
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'parcelpost-storage-'));
    storage = new FileStorage(root);
  });
  afterAll(() => rm(root, { recursive: true }));

  test('an object is not seen before it is committed, and whole after', async () => {
    const writer = await storage.create('a/b/c.bin');
    await writer.write(Buffer.from('first '));
    expect(await storage.stat('a/b/c.bin')).toBeUndefined();
    await writer.write(Buffer.from('second'));
    await writer.commit();
    expect(await storage.stat('a/b/c.bin')).toEqual({ bytes: 12 });
    expect(String(await storage.readAll('a/b/c.bin'))).toBe('first second');
  });

  test('an aborted write leaves nothing behind, and keeps what was there', async () => {
    await storage.put('d/kept.txt', 'before');
    const writer = await storage.create('d/kept.txt');
    await writer.write(Buffer.from('after'));
    await writer.abort();
    expect(await readdir(path.join(root, 'd'))).toEqual(['kept.txt']);
    expect(String(await storage.readAll('d/kept.txt'))).toBe('before');
  });

  test('what is synced is on the disk, and so is every folder that leads to it; other objects cost nothing', async () => {
    const syncs = await noteSyncs();
    try {
      await storage.put('quick/x', '1');
      expect(syncs.kinds).toEqual([]);
      await storage.put('durable/one/two/x', '1');
      expect(syncs.kinds).toEqual([]);
      await storage.sync('durable/one/two/x');
    } finally {
      syncs.stop();
    }
    expect(syncs.kinds.toSorted()).toEqual(['file', 'folder', 'folder', 'folder', 'folder']);
    for (const at of ['durable/one/two/x', 'durable/one/two', 'durable/one', 'durable', '.']) {
      expect(await syncs.of(path.join(root, at)), at).toBe(true);
    }
  });

  test('a range is read with both ends included', async () => {
    await storage.put('range.txt', '0123456789');
    const chunks = await storage.read('range.txt', { start: 2, end: 4 }).toArray();
    expect(String(Buffer.concat(chunks))).toBe('234');
  });

  test.each(['../x', 'a/../x', '/etc/passwd', 'a//b', '', 'a/', 'a\\b', 'a/\0', '.'])(
    'the key %j is refused',
    async (key) => {
      await expect(storage.put(key, 'x')).rejects.toThrow('storage key');
      expect(() => storage.read(key)).toThrow('storage key');
    },
  );

  test('removing a prefix removes what is below it and nothing beside it', async () => {
    await storage.put('p/one/x', '1');
    await storage.put('p/one2/x', '2');
    await storage.removePrefix('p/one');
    expect(await storage.stat('p/one/x')).toBeUndefined();
    expect(await storage.stat('p/one2/x')).toEqual({ bytes: 1 });
  });
});
