/**
 * FlatBuffers (flatbuffers.dev, "Internals"), as far as FlatGeobuf needs them, written front to back: a table comes before
 * what it refers to, so that coordinates are copied once, to where they stay.
 */
import { ByteWriter } from '../sink.js';

/** The number of the bytes that follow, and the offset of the root table. */
const PREFIX = 8;
/** Buffers are as long as a multiple of this, their prefix included: what lies behind one another stays aligned. */
const ALIGNMENT = 8;
const FIELD_SIZES = [8, 4, 2, 1];

/** A table: each field's position, by its slot; undefined where it was left out. */
export interface Table {
  at: number;
  fields: (number | undefined)[];
}

/** One buffer after the other, in the same memory. Positions count from the size prefix; every scalar is aligned to its size from there. */
export class FlatBuffer {
  readonly #out: ByteWriter;

  constructor(size = 64 * 1024) {
    this.#out = new ByteWriter(size);
  }

  /** The memory; not the same after anything was reserved. */
  get bytes(): Buffer {
    return this.#out.bytes;
  }

  begin(): void {
    this.#out.length = 0;
    this.#zeros(PREFIX);
  }

  /**
   * Reserves a table whose fields are all zero.
   * @param sizes bytes of each field by its slot; 0 of one that is left out. What refers to something has 4.
   */
  table(sizes: readonly number[]): Table {
    const vtable = this.#zeros(4 + 2 * sizes.length, 2);
    const at = this.#zeros(4, 4);
    const fields = new Array<number | undefined>(sizes.length).fill(undefined);
    // The widest first, so that the fewest bytes are lost between them.
    for (const size of FIELD_SIZES) {
      for (let slot = 0; slot < sizes.length; slot++) if (sizes[slot] === size) fields[slot] = this.#zeros(size, size);
    }
    const { bytes } = this;
    bytes.writeInt32LE(at - vtable, at);
    bytes.writeUInt16LE(4 + 2 * sizes.length, vtable);
    bytes.writeUInt16LE(this.#out.length - at, vtable + 2);
    for (const [slot, field] of fields.entries()) {
      if (field !== undefined) bytes.writeUInt16LE(field - at, vtable + 4 + 2 * slot);
    }
    return { at, fields };
  }

  /**
   * Reserves a vector, and has a field refer to it.
   * @param size bytes of an element
   * @returns where its elements are to be written
   */
  vector(from: number | undefined, count: number, size: number): number {
    // Its length comes before its elements, which must be aligned: so may be some bytes before it.
    const elements = aligned(aligned(this.#out.length, 4) + 4, size);
    this.#zeros(elements - this.#out.length);
    this.refer(from, elements - 4);
    this.bytes.writeUInt32LE(count, elements - 4);
    this.#out.reserve(count * size);
    return elements;
  }

  /** Writes a text, and has a field refer to it. */
  text(from: number | undefined, text: string): void {
    const utf8 = Buffer.from(text, 'utf8');
    // The memory is not the same after anything was reserved.
    const at = this.vector(from, utf8.length, 1);
    this.bytes.set(utf8, at);
    this.#zeros(1);
  }

  /** Has a field refer to what is behind it. */
  refer(from: number | undefined, to: number): void {
    this.bytes.writeUInt32LE(to - (from ?? 0), from ?? 0);
  }

  /** The finished buffer, its size before it; to be copied before the next one begins. */
  finish(root: Table): Buffer {
    this.#zeros(aligned(this.#out.length, ALIGNMENT) - this.#out.length);
    this.bytes.writeUInt32LE(this.#out.length - 4, 0);
    this.bytes.writeUInt32LE(root.at - 4, 4);
    return this.bytes.subarray(0, this.#out.length);
  }

  #zeros(count: number, alignment = 1): number {
    const start = this.#out.length;
    const at = aligned(start, alignment);
    this.#out.reserve(at + count - start);
    this.bytes.fill(0, start, at + count);
    return at;
  }
}

function aligned(position: number, to: number): number {
  return Math.ceil(position / to) * to;
}
