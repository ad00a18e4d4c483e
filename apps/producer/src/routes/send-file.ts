/** Sends a file from storage: whole, in part, or not again (RFC 9110, sections 13 and 14). */
import type { Readable } from 'node:stream';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import contentDisposition from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problem } from '../problems.js';
import { chooseRange, isUnchanged } from './conditional.js';

export interface SentFile {
  /** The name under which people keep it. */
  name: string;
  storageKey: string;
  mediaType: string;
  bytes: number;
  /** Hexadecimal; the ETag. */
  sha256: string;
  createdAt: Date;
}

/** Storage does not have what a row says that it has. */
export class NotInStorageError extends Error {
  override readonly name = 'NotInStorageError';
}

/**
 * Answers 200, 206 or 304. What it has begun to send it sends to the end, also where the file is removed meanwhile.
 * @param begun is called with what is being read, where anything is
 * @throws {ProblemError} 416 `range-not-satisfiable`
 * @throws {NotInStorageError} where storage does not have the bytes that it should: never a short file after a 200
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  storage: Storage,
  file: SentFile,
  begun: (stream: Readable) => void = () => {},
): Promise<FastifyReply> {
  const validators = { etag: `"${file.sha256}"`, modified: file.createdAt };
  reply.headers({
    etag: validators.etag,
    'last-modified': file.createdAt.toUTCString(),
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
  });
  if (isUnchanged(request.headers, validators)) return reply.code(304).send(null);

  const range = chooseRange(request.headers, validators, file.bytes);
  if (range === 'unsatisfiable') {
    throw problem('range-not-satisfiable', `The file has ${file.bytes} bytes; the range lies outside them.`, {
      headers: { 'content-range': `bytes */${file.bytes}` },
    });
  }
  const stored = await storage.open(file.storageKey);
  if (!stored || stored.bytes !== file.bytes) {
    await stored?.close();
    throw new NotInStorageError(`${file.storageKey} has ${stored?.bytes ?? 'no'} bytes in storage, not ${file.bytes}`);
  }
  reply.headers({
    'content-type': file.mediaType,
    'content-disposition': contentDisposition(file.name),
    'content-length': String(range ? range.end - range.start + 1 : file.bytes),
  });
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`);
  if (request.method === 'HEAD') {
    await stored.close();
    return reply.send();
  }
  const stream = stored.read(range);
  begun(stream);
  return reply.send(stream);
}
