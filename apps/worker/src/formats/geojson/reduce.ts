/** The reduce half of the JSON files: lines of JSON in, one document or one file of lines out. */
import { damaged } from '../damaged.js';
import { asBuffer, type ByteSink, ByteWriter } from '../sink.js';
import type { JsonFragmentMeta } from './fragment.js';

/** A fragment at rest. `open` is called once, when its turn comes. */
export interface JsonFragment {
  meta: Pick<JsonFragmentMeta, 'rows' | 'bytes'>;
  open(): AsyncIterable<Uint8Array>;
}

/** What stands around the records of a document; null for lines alone. */
export type Frame = { head: string; tail: string } | null;

/** A GeoJSON FeatureCollection (RFC 7946, 3.3), one feature a line. It has no `crs`: that is WGS 84 (section 4). */
export const FEATURE_COLLECTION: Frame = { head: '{"type":"FeatureCollection","features":[', tail: '\n]}\n' };

/** A JSON array (RFC 8259), one record a line. */
export const ARRAY: Frame = { head: '[', tail: '\n]\n' };

/**
 * Newline-delimited JSON: each line a value, each line ended by LF, without the record separators (0x1E) of GeoJSON text
 * sequences (RFC 8142), which few programs write and many do not read.
 */
export const LINES: Frame = null;

const LF = 0x0a;

/**
 * Writes the fragments in the given order; also without a record there is a document. Memory: a chunk of input and one
 * of output. Throws an ExportError (not permanent) where a fragment is not what its meta says.
 * @returns the number of records
 */
export async function reduceJson(fragments: readonly JsonFragment[], sink: ByteSink, frame: Frame): Promise<number> {
  const out = new ByteWriter();
  if (frame) out.append(Buffer.from(frame.head));
  let rows = 0;
  for (const { meta, open } of fragments) {
    let read = 0;
    let found = 0;
    let fresh = true; // the next byte begins a line
    for await (const bytes of open()) {
      const chunk = asBuffer(bytes);
      read += chunk.length;
      for (let at = 0; at < chunk.length; ) {
        const end = chunk.indexOf(LF, at);
        if (fresh && frame) out.append(rows + found === 0 ? FIRST : NEXT);
        const whole = end !== -1;
        const until = whole ? end : chunk.length;
        // In a document the line's end is part of what stands before the next one.
        out.appendRange(chunk, at, whole && !frame ? until + 1 : until);
        if (whole) found++;
        fresh = whole;
        at = whole ? end + 1 : until;
        await out.drain(sink);
      }
    }
    if (read !== meta.bytes || found !== meta.rows || !fresh) {
      throw damaged(`it has ${found} lines in ${read} bytes where ${meta.rows} in ${meta.bytes} were written`);
    }
    rows += found;
  }
  if (frame) out.append(Buffer.from(frame.tail));
  await out.flush(sink);
  return rows;
}

const FIRST = Buffer.from('\n');
const NEXT = Buffer.from(',\n');
