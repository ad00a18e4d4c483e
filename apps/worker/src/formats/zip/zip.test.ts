import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReadRange, readCentralDirectory, verifyZip } from './read.js';
import { writeZip, type ZipSource } from './write.js';

const OPTIONS = { level: 6, date: new Date('2024-05-06T07:08:10Z') };

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'parcelpost-zip-'));
});
afterAll(() => rmSync(root, { recursive: true }));

let next = 0;
const newFile = () => path.join(root, `${next++}.zip`);

async function zipTo(file: string, entries: ZipSource[], options = OPTIONS) {
  const written = await writeZip(entries, createWriteStream(file), options);
  return { written, size: statSync(file).size };
}

async function withRange<T>(file: string, use: (read: ReadRange) => Promise<T>): Promise<T> {
  const handle = await open(file);
  try {
    return await use(async (start, end) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start + 1), 0, end - start + 1, start);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await handle.close();
  }
}

const entry = (name: string, content: string | Buffer, store = false): ZipSource => {
  const source = Buffer.from(content);
  return { name, source, bytes: source.length, store };
};

const NAMES = ['locations.csv', 'shp/points.shp', 'žluťoučký.txt', '地块/पार्सल.csv', 'قطعة.txt', 'empty.txt'];

describe('a zip', () => {
  test('is whole to unzip, Python and our own reader, names in five scripts included', async () => {
    const file = newFile();
    const text = 'id,type\r\n'.repeat(40_000);
    const noise = randomBytes(300_000);
    const entries = [
      ...NAMES.map((name) => entry(name, name === 'empty.txt' ? '' : text)),
      entry('stored.jpg', noise, true),
      { name: 'streamed.csv', source: Readable.from([Buffer.from(text), Buffer.from(text)]), bytes: 2 * text.length },
      { name: 'streamed.jpg', source: Readable.from([noise]), bytes: noise.length, store: true },
    ];
    const { written, size } = await zipTo(file, entries);
    expect(written).toEqual(entries.map(({ name, bytes }) => ({ name, bytes })));
    expect(execFileSync('unzip', ['-tq', file]).toString()).toContain('No errors detected');
    const script = `import json,sys,zipfile
z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
print(json.dumps([[i.filename,i.file_size,i.compress_type,i.CRC,list(i.date_time)] for i in z.infolist()]))`;
    const python: [string, number, number, number, number[]][] = JSON.parse(
      execFileSync('python3', ['-c', script, file]).toString(),
    );
    expect(python.map(([name, bytes]) => ({ name, bytes }))).toEqual(written);
    expect(python.map(([name, , method]) => [name, method])).toContainEqual(['streamed.jpg', 0]);
    expect(python.map(([name, , method]) => [name, method])).toContainEqual(['streamed.csv', 8]);
    for (const [, , , , date] of python) expect(date).toEqual([2024, 5, 6, 7, 8, 10]);
    const ours = await withRange(file, (read) => verifyZip(read, size, written));
    expect(ours.map((each) => each.crc32)).toEqual(python.map((each) => each[3]));
    expect(ours.find((each) => each.name === 'stored.jpg')?.crc32).toBe(crc32(noise));
  });

  test('of the same content is the same, byte for byte', async () => {
    const files = [newFile(), newFile()];
    for (const file of files)
      await zipTo(
        file,
        NAMES.map((name) => entry(name, name.repeat(99))),
      );
    const [one, two] = files.map((file) => execFileSync('sha256sum', [file]).toString().split(' ')[0]);
    expect(one).toBe(two);
  });

  test('without entries is a zip all the same', async () => {
    const file = newFile();
    const { size } = await zipTo(file, []);
    expect(await withRange(file, (read) => readCentralDirectory(read, size))).toEqual([]);
  });

  test('takes more than 65,535 entries', async () => {
    const file = newFile();
    const count = 65_600;
    const entries = function* () {
      for (let i = 0; i < count; i++) yield entry(`${i}`, '', true);
    };
    const written = await writeZip(entries(), createWriteStream(file), OPTIONS);
    expect(written.length).toBe(count);
    expect(execFileSync('unzip', ['-tq', file]).toString()).toContain('No errors detected');
    expect(execFileSync('zipinfo', ['-h', file]).toString()).toContain(`number of entries: ${count}`);
    const ours = await withRange(file, (read) => verifyZip(read, statSync(file).size, written));
    expect(ours.at(-1)?.name).toBe(`${count - 1}`);
  }, 120_000);

  test('asks for an entry only when the one before was consumed, and waits for a slow output', async () => {
    let pending = 0;
    const taken: Buffer[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk, _encoding, done) {
        pending++;
        taken.push(chunk);
        setImmediate(() => {
          pending--;
          done();
        });
      },
    });
    let openSources = 0;
    let most = 0;
    const entries = async function* (): AsyncGenerator<ZipSource> {
      for (let i = 0; i < 5; i++) {
        most = Math.max(most, ++openSources);
        const source = Readable.from([randomBytes(100_000), randomBytes(100_000)]);
        source.once('end', () => openSources--);
        yield { name: `${i}`, source, bytes: 200_000 };
      }
    };
    await writeZip(entries(), slow, OPTIONS);
    expect(taken.slice(0, -1).every((chunk) => chunk.length >= 65_536)).toBe(true);
    expect(pending).toBe(0);
    expect(most).toBe(1);
    const file = newFile();
    writeFileSync(file, Buffer.concat(taken));
    expect(execFileSync('unzip', ['-tq', file]).toString()).toContain('No errors detected');
  });

  test('a failing source fails the zip with its own error', async () => {
    const output = createWriteStream(newFile());
    const entries = async function* (): AsyncGenerator<ZipSource> {
      yield entry('a', 'a');
      const source = new Readable({ read: () => {} });
      source.push(Buffer.alloc(100_000, 'x'));
      setImmediate(() => source.destroy(new Error('the disk is gone')));
      yield { name: 'b', source, bytes: 200_000 };
    };
    const zip = writeZip(entries(), output, OPTIONS);
    await expect(zip).rejects.toThrow('the disk is gone');
    expect(output.destroyed).toBe(true);
  });

  test('a source that does not exist, or closes early, fails the zip', async () => {
    const missing = { name: 'b', source: createReadStream(path.join(root, 'nowhere')), bytes: 1 };
    await expect(zipTo(newFile(), [missing])).rejects.toThrow('ENOENT');
    const source = new PassThrough();
    const zip = zipTo(newFile(), [{ name: 'b', source, bytes: 1 }]);
    setImmediate(() => source.destroy());
    await expect(zip).rejects.toThrow('closed before its end');
    const gone = new PassThrough().destroy();
    await expect(zipTo(newFile(), [{ name: 'b', source: gone, bytes: 1 }])).rejects.toThrow('closed before its end');
  });

  test('a source of another size than announced fails the zip', async () => {
    await expect(zipTo(newFile(), [{ ...entry('a', 'abc'), bytes: 4 }])).rejects.toThrow(
      'a came to 3 bytes in the bundle where 4',
    );
    const short = { name: 'b', source: Readable.from([Buffer.from('abc')]), bytes: 4 };
    await expect(zipTo(newFile(), [short])).rejects.toThrow('b came to 3 bytes in the bundle where 4');
  });

  test('a failing output fails the zip and lets go of the source', async () => {
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left')) });
    const source = Readable.from(
      (function* () {
        for (;;) yield randomBytes(65_536);
      })(),
    );
    await expect(writeZip([{ name: 'endless', source, bytes: 1 }], output, OPTIONS)).rejects.toThrow('no space left');
    expect(source.destroyed).toBe(true);
  });

  test('the signal ends it, before and while it runs, also while the next entry is awaited', async () => {
    const early = writeZip([], new PassThrough(), { ...OPTIONS, signal: AbortSignal.abort(new Error('too late')) });
    await expect(early).rejects.toThrow('too late');
    const controller = new AbortController();
    const source = new PassThrough();
    source.write('x');
    const zip = writeZip([{ name: 'a', source, bytes: 2 }], createWriteStream(newFile()), {
      ...OPTIONS,
      signal: controller.signal,
    });
    setImmediate(() => controller.abort(new Error('cancelled')));
    await expect(zip).rejects.toThrow('cancelled');
    expect(source.destroyed).toBe(true);
    const waiting = new AbortController();
    const never = async function* (): AsyncGenerator<ZipSource> {
      setImmediate(() => waiting.abort(new Error('nobody waits any more')));
      await new Promise(() => {});
      yield entry('a', 'a');
    };
    const stuck = writeZip(never(), createWriteStream(newFile()), { ...OPTIONS, signal: waiting.signal });
    await expect(stuck).rejects.toThrow('nobody waits any more');
  });

  test('a failure closes the generator of the entries', async () => {
    let closed = false;
    const entries = async function* (): AsyncGenerator<ZipSource> {
      try {
        yield { name: 'a', source: new PassThrough().destroy(), bytes: 1 };
      } finally {
        closed = true;
      }
    };
    await expect(writeZip(entries(), createWriteStream(newFile()), OPTIONS)).rejects.toThrow('closed before');
    expect(closed).toBe(true);
  });

  test('an error while entries are listed fails the zip', async () => {
    const entries = async function* (): AsyncGenerator<ZipSource> {
      yield entry('a', 'a');
      throw new Error('no second entry');
    };
    await expect(writeZip(entries(), createWriteStream(newFile()), OPTIONS)).rejects.toThrow('no second entry');
  });

  test.each(['', '/a', '../a', 'a/../b', 'a\\b', 'C:a', 'a\nb', 'a//b', 'a/'])(
    'the name %j is refused',
    async (name) => {
      await expect(zipTo(newFile(), [entry(name, 'x')])).rejects.toThrow('cannot be a name');
    },
  );

  test('a name that differs in case only is refused', async () => {
    await expect(zipTo(newFile(), [entry('a.csv', ''), entry('A.CSV', '')])).rejects.toThrow('twice');
  });
});

describe('verification', () => {
  test('finds what is missing, renamed, resized, cut off or overwritten', async () => {
    const file = newFile();
    const { written, size } = await zipTo(file, [entry('a', 'x'.repeat(5000)), entry('b', 'y')]);
    const bytes = execFileSync('cat', [file]);
    const verify = (content: Buffer, expected: { name: string; bytes: number }[]) =>
      verifyZip(async (start, end) => content.subarray(start, end + 1), content.length, expected);
    await expect(verify(bytes, written)).resolves.toHaveLength(2);
    await expect(verify(bytes, written.slice(1))).rejects.toThrow('2 entries where 1');
    await expect(verify(bytes, written.toReversed())).rejects.toThrow('it has a where b');
    await expect(
      verify(bytes, [
        { name: 'a', bytes: 4999 },
        { name: 'b', bytes: 1 },
      ]),
    ).rejects.toThrow('5000 bytes');
    await expect(verify(bytes.subarray(0, -1), written)).rejects.toThrow('end is missing');
    await expect(verify(bytes.subarray(10), written)).rejects.toThrow('not where it should be');
    await expect(verify(Buffer.alloc(5), written)).rejects.toThrow('5 bytes');
    const broken = Buffer.from(bytes);
    broken.fill(0, size - 80, size - 60);
    await expect(verify(broken, written)).rejects.toThrow('damaged');
  });

  test('reads what is larger than 4 GiB', async () => {
    const [bytes, compressed, offset] = [2 ** 33 + 1, 2 ** 32 + 5, 2 ** 32 + 7];
    const start = offset + compressed + 100;
    const entry = Buffer.alloc(46 + 3 + 28);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.fill(0xff, 20, 28);
    entry.writeUInt16LE(3, 28);
    entry.writeUInt16LE(28, 30);
    entry.fill(0xff, 42, 46);
    entry.write('big', 46);
    entry.writeUInt16LE(1, 49);
    entry.writeUInt16LE(24, 51);
    for (const [i, value] of [bytes, compressed, offset].entries()) entry.writeBigUInt64LE(BigInt(value), 53 + 8 * i);
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    for (const [i, value] of [1, 1, entry.length, start].entries()) end64.writeBigUInt64LE(BigInt(value), 24 + 8 * i);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(start + entry.length), 8);
    const end = Buffer.alloc(22, 0xff);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(0, 20);
    const tail = Buffer.concat([entry, end64, locator, end]);
    // What lies before the directory is never read: zeroes stand for it.
    const read: ReadRange = async (from, to) => {
      const zeroes = Buffer.alloc(Math.max(0, start - from));
      return Buffer.concat([zeroes, tail.subarray(Math.max(0, from - start), to + 1 - start)]);
    };
    expect(await verifyZip(read, start + tail.length, [{ name: 'big', bytes }])).toMatchObject([
      { name: 'big', bytes, compressedBytes: compressed, crc32: 0, offset },
    ]);
  });
});
