/** One file on its way: its features wait on disk until all of them, and so their order, are known. */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type ByteSink, ByteWriter } from '../sink.js';
import type { TypedColumn } from '../typed/columns.js';
import { type Box, grown } from '../typed/geometry.js';
import { headerBytes } from './header.js';
import { type Boxes, curveOrder, NODE_SIZE, treeBytes } from './packed-tree.js';

export interface LayerFields {
  name: string;
  /** As in Well-Known Binary; 0 of a table without geometries, which has no index. */
  geometryType: number;
  z: boolean;
  columns: readonly TypedColumn[];
}

/**
 * Takes features in the order of the records, and writes the file. In it those with geometries lie in the order of the
 * index. Memory: 48 bytes a feature with a geometry, and what has gathered for the disk.
 */
export class Layer {
  readonly #boxes: Boxes;
  /** Where each feature begins on the disk; one more says where the last one ends. */
  readonly #starts: Float64Array;
  readonly #gathered = new ByteWriter();
  #written = 0;
  #count = 0;
  #box: Box | null = null;

  private constructor(
    readonly fields: LayerFields,
    readonly file: FileHandle,
    most: number,
  ) {
    const indexed = fields.geometryType > 0 ? most : 0;
    this.#boxes = new Float64Array(4 * indexed);
    this.#starts = new Float64Array(indexed + 1);
  }

  /**
   * @param path of a file that is not there yet, for the features
   * @param most features with a geometry that there can be
   */
  static async create(fields: LayerFields, path: string, most: number): Promise<Layer> {
    return new Layer(fields, await open(path, 'wx+'), most);
  }

  get features(): number {
    return this.#count;
  }

  /** Takes a copy of a feature's bytes. @param box where it is; null in a table without geometries */
  add(bytes: Buffer, box: Box | null): void {
    this.#gathered.append(bytes);
    const i = this.#count++;
    if (!box) return;
    const [west, east, south, north] = box;
    this.#boxes.set([west, south, east, north], 4 * i);
    this.#starts[i + 1] = this.#written + this.#gathered.length;
    this.#box = grown(this.#box, box);
  }

  /** Call now and then: writes what has gathered to the disk. */
  async drain(): Promise<void> {
    await this.#gathered.drain(this.#disk);
  }

  /** Writes the file. Call once, after the last feature. */
  async write(sink: ByteSink): Promise<void> {
    await this.#gathered.flush(this.#disk);
    const { name, geometryType, z, columns } = this.fields;
    const box = this.#box;
    const nodeSize = box ? NODE_SIZE : 0;
    await sink.write(headerBytes({ name, geometryType, z, columns, features: this.#count, box, nodeSize }));
    if (!box) {
      for await (const chunk of this.file.createReadStream({ start: 0, autoClose: false })) await sink.write(chunk);
      return;
    }
    const order = curveOrder(this.#boxes, this.#count, box);
    for (const chunk of treeBytes(this.#boxes, order, this.#positions(order))) await sink.write(chunk);
    const out = new ByteWriter();
    for (const i of order) {
      const start = this.#starts[i] as number;
      const length = this.#bytesOf(i);
      const at = out.reserve(length);
      // They are small, and most are in the system's memory still: a call that waits costs more than the reading.
      for (let have = 0; have < length; ) {
        const read = readSync(this.file.fd, out.bytes, at + have, length - have, start + have);
        if (read === 0) throw new Error(`${name}.fgb: the file of its features ends early`);
        have += read;
      }
      await out.drain(sink);
    }
    await out.flush(sink);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  readonly #disk: ByteSink = {
    write: async (chunk) => {
      for (let done = 0; done < chunk.length; ) {
        done += (await this.file.write(chunk, done, chunk.length - done, this.#written + done)).bytesWritten;
      }
      this.#written += chunk.length;
    },
  };

  *#positions(order: Uint32Array): Generator<number, void, undefined> {
    let position = 0;
    for (const i of order) {
      yield position;
      position += this.#bytesOf(i);
    }
  }

  #bytesOf(i: number): number {
    return (this.#starts[i + 1] as number) - (this.#starts[i] as number);
  }
}
