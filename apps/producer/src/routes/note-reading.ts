/** Keeps what is being downloaded in storage until it has been read, though it expires meanwhile. */
import type { Readable } from 'node:stream';
import type { RemovalService } from '@parcelpost/shared/db/services/removals.js';
import type { Logger } from '@parcelpost/shared/log.js';

/** Bytes stay longer than this after a file is put out of reach (`REMOVAL_GRACE_SECONDS`): a short download costs no note. */
const EVERY_MS = 60_000;
/** A producer that dies is no longer reading when this has passed. */
const FOR_MS = 3 * EVERY_MS;

/** Says now and then that a bundle is being read, until the stream is at its end. Never throws. */
export function noteReading(
  stream: Readable,
  fileId: string,
  { removals, log }: { removals: RemovalService; log: Logger },
): void {
  const timer = setInterval(() => {
    removals.noteReading(fileId, FOR_MS).catch((error: unknown) => {
      log.warn({ err: error, file: fileId }, 'that a file is being read could not be noted');
    });
  }, EVERY_MS);
  timer.unref();
  stream.once('close', () => clearInterval(timer));
}
