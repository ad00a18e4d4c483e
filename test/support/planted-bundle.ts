/** A bundle taken apart, so that something in it can be made wrong, and put together again. */
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeZip } from '../../apps/worker/src/formats/zip/write.js';
import { FILE_DATE } from '../../apps/worker/src/pipeline/step.js';
import { sha256 } from './bundle.js';

interface ManifestFile {
  name: string;
  rows: number | null;
  bytes: number;
  sha256: string;
  columns?: { name: string; field?: string }[];
}

const unzipped = new Map<string, ReadonlyMap<string, Buffer>>();

function unzip(zip: string): ReadonlyMap<string, Buffer> {
  const names = execFileSync('unzip', ['-Z1', zip], { encoding: 'utf8' }).trimEnd().split('\n');
  const folder = mkdtempSync(join(tmpdir(), 'parcelpost-unzipped-'));
  try {
    execFileSync('unzip', ['-q', zip, '-d', folder]);
    return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export class OpenBundle {
  readonly files: Map<string, Buffer>;
  readonly manifest: { files: ManifestFile[]; warnings: object[]; [member: string]: unknown };

  /** @param zip path of a sound bundle, which is unzipped once */
  constructor(zip: string) {
    const known = unzipped.get(zip) ?? unzip(zip);
    unzipped.set(zip, known);
    this.files = new Map(known);
    this.manifest = JSON.parse(this.text('manifest.json'));
  }

  bytes(name: string): Buffer {
    const bytes = this.files.get(name);
    if (!bytes) throw new Error(`the bundle has no ${name}`);
    return bytes;
  }

  text(name: string): string {
    return this.bytes(name).toString('utf8');
  }

  listed(name: string): ManifestFile {
    const file = this.manifest.files.find((each) => each.name === name);
    if (!file) throw new Error(`the manifest does not list ${name}`);
    return file;
  }

  /** Replaces a file, and what the manifest says of its bytes, as somebody would who made a mistake in writing it. */
  write(name: string, content: Buffer | string): void {
    const bytes = Buffer.from(content);
    this.files.set(name, bytes);
    Object.assign(this.listed(name), { bytes: bytes.length, sha256: sha256(bytes) });
  }

  /** Changes a text; throws where there is nothing to change. */
  edit(name: string, from: string | RegExp, to: string): void {
    const before = this.text(name);
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${name} has no ${from}`);
    this.write(name, after);
  }

  /** Changes bytes in place. */
  patch(name: string, change: (bytes: Buffer) => void): void {
    const bytes = Buffer.from(this.bytes(name));
    change(bytes);
    this.write(name, bytes);
  }

  /** Takes a file away, from the manifest too. */
  drop(name: string): void {
    this.files.delete(name);
    this.manifest.files.splice(this.manifest.files.indexOf(this.listed(name)), 1);
  }

  /** Zips it again. The manifest is written as it now is, unless it has been taken away. */
  async zip(path: string): Promise<void> {
    if (this.files.has('manifest.json')) this.files.set('manifest.json', Buffer.from(JSON.stringify(this.manifest)));
    const entries = [...this.files].map(([name, source]) => ({
      name,
      source,
      bytes: source.length,
      store: name.endsWith('.xlsx'),
    }));
    await writeZip(entries, createWriteStream(path), { level: 1, date: FILE_DATE });
  }
}
