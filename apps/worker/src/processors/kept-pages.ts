/** The answers of a shard's pages, kept as they came until it is certain that no other shard has records of theirs. */
import { readPage } from '@parcelpost/shared/platform-client/client.js';
import type { Entity, RecordOf } from '@parcelpost/shared/records.js';
import type { Storage, StorageWriter } from '@parcelpost/shared/storage/storage.js';
import { FrameReader, frameHead } from '../formats/frames.js';

/** Where they lie. */
export interface KeptPages {
  key: string;
  bytes: number;
}

/** Keeps a page: how many of its records count, and the answer. */
export async function keepPage(writer: StorageWriter, records: number, body: Uint8Array): Promise<void> {
  await writer.write(frameHead(records, body.length));
  await writer.write(body);
}

/** The records of all pages, page by page. */
export async function* readKept<E extends Entity>(
  storage: Storage,
  { key, bytes }: KeptPages,
  entity: E,
): AsyncGenerator<RecordOf[E][], void, undefined> {
  const frames = new FrameReader(storage.read(key));
  try {
    for (let at = 0; at < bytes; ) {
      const frame = await frames.next();
      at += frame.bytes;
      yield readPage(entity, frame.records).slice(0, frame.rows);
    }
    await frames.expectEnd();
  } finally {
    await frames.close();
  }
}
