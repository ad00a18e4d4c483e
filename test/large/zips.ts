/** Bundles that no zip could be without zip64: of very many files, and of one very large. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { HashingWriter } from '@parcelpost/worker/pipeline/hashing-writer.js';
import type { OutputFile } from '@parcelpost/worker/pipeline/step.js';
import { verifyFile } from '@parcelpost/worker/verify/verify-bundle.js';
import { bundled } from './bundled.js';
import { demand, output, unzipFindsWhole } from './judges.js';
import type { Measured } from './measured.js';
import type { LargeOptions } from './options.js';

const SMALL_FILES = 100;
const BLOCK_BYTES = 2 ** 20;

/** A bundle of so many files. @returns what was found. Throws where anything is not as it was written */
export async function checkManyFiles(folder: string, { entries }: LargeOptions, measured: Measured): Promise<string> {
  const storage = new FileStorage(join(folder, 'many'));
  const small: Omit<OutputFile, 'name'>[] = [];
  for (let i = 0; i < SMALL_FILES; i++)
    small.push(await stored(storage, `work/${i}.txt`, `What is in file ${i}.\n`.repeat(i)));
  const files = Array.from({ length: entries }, (_, i) => ({
    ...(small[i % SMALL_FILES] as OutputFile),
    name: `resources/${i}.txt`,
    resource: `r${i}`,
  }));
  const { zip, names } = await measured.part(`zip ${entries} files, read back and verify`, () =>
    bundled(storage, files, ['resources']),
  );
  const { faults } = await measured.part('verify once more', () => verifyFile(zip));
  demand(faults.length === 0, `verify finds ${JSON.stringify(faults)}`);
  const listed = await measured.part('unzip -t, zipinfo', () => unzipFindsWhole(zip, names.length));
  demand(listed.join() === names.join(), 'zipinfo lists other files than were bundled');
  await rm(storage.root, { recursive: true });
  return `${names.length} files in one zip: unzip, zipinfo and verify find all of them`;
}

/** A bundle of a very large file, and small ones behind it. @returns what was found. Throws as {@link checkManyFiles} does */
export async function checkLargeFile(folder: string, { fileBytes }: LargeOptions, measured: Measured): Promise<string> {
  const storage = new FileStorage(join(folder, 'large'));
  const large = await measured.part(`write ${fileBytes} bytes`, () => storedLarge(storage, 'work/film.mp4', fileBytes));
  const table = await stored(storage, 'work/parties.csv', 'id,name,type\r\np1,Ana,IN\r\n');
  const files = [
    { ...large, name: 'resources/film.mp4', resource: 'r1' },
    { ...table, name: 'parties.csv', rows: 1 },
  ];
  const { zip, names } = await measured.part('zip, read back and verify', () =>
    bundled(storage, files, ['csv', 'resources']),
  );
  await storage.removePrefix('work');
  const { faults } = await measured.part('verify once more', () => verifyFile(zip));
  demand(faults.length === 0, `verify finds ${JSON.stringify(faults)}`);
  const listed = await measured.part('unzip -t, zipinfo', () => unzipFindsWhole(zip, names.length));
  demand(listed.join() === names.join(), 'zipinfo lists other files than were bundled');
  const long = await output('zipinfo', ['-l', zip, 'resources/film.mp4']);
  demand(long.includes(` ${fileBytes} `), `zipinfo says of the large file: ${long}`);
  const behind = await output('unzip', ['-p', zip, 'parties.csv']);
  demand(behind === 'id,name,type\r\np1,Ana,IN\r\n', `unzip reads behind the large file: ${behind}`);
  await rm(storage.root, { recursive: true });
  return `A file of ${fileBytes} bytes, and others behind it: unzip, zipinfo and verify find all of them`;
}

async function stored(storage: FileStorage, key: string, content: string): Promise<Omit<OutputFile, 'name'>> {
  await storage.put(key, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { key, rows: null, bytes: Buffer.byteLength(content), sha256 };
}

/** Blocks that differ by their numbers alone. */
async function storedLarge(storage: FileStorage, key: string, bytes: number): Promise<Omit<OutputFile, 'name'>> {
  const writer = new HashingWriter(await storage.create(key));
  for (let at = 0; at < bytes; at += BLOCK_BYTES) {
    const block = Buffer.alloc(Math.min(BLOCK_BYTES, bytes - at), `${at} `);
    await writer.write(block);
  }
  return { key, rows: null, bytes, sha256: await writer.commit() };
}
