/** Takes in a file that somebody uploads: the row first, then the bytes, so that nothing is ever in storage without a row. */
import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ProjectService } from '@parcelpost/shared/db/services/projects.js';
import type { UploadLimits } from '@parcelpost/shared/db/services/upload-limits.js';
import { type UploadService, uploadFolder, uploadKey } from '@parcelpost/shared/db/services/uploads.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { userOwner } from '@parcelpost/shared/files/owner.js';
import type { Logger } from '@parcelpost/shared/log.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { problem } from '../problems.js';

const MB = 1024 * 1024;

export interface Arrived {
  id: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

export class ReceiveUpload {
  constructor(
    readonly services: {
      uploads: UploadService;
      projects: ProjectService;
      storage: Storage;
      maxMb: number;
      limits: UploadLimits;
      log: Logger;
    },
  ) {}

  /**
   * Streams a file into storage. Until it is attached to something it is its uploader's, and goes when its time is over.
   * @param file.bytes its size, where it is known beforehand
   * @throws {ProblemError} 403 `resource-not-permitted` to who may add to no project; 413 `file-too-large`; 429 `too-many-uploads`
   */
  async run(
    user: UserRow,
    body: Readable,
    file: { name: string; mediaType: string; bytes: number | undefined },
  ): Promise<Arrived> {
    const { uploads, projects, storage, maxMb, limits, log } = this.services;
    if (file.bytes !== undefined && file.bytes > maxMb * MB) throw tooLarge(maxMb);
    if (!(await projects.mayAddAnywhere(user.id))) {
      throw problem('resource-not-permitted', 'There is no project to which you may add resources.');
    }
    const id = randomUUID();
    const bytes = file.bytes ?? maxMb * MB;
    const { name, mediaType } = file;
    await uploads.begin({ id, name, mediaType, owner: userOwner(user.id), bytes }, limits);
    try {
      const written = await store(storage, uploadKey(id), body, maxMb);
      if (!(await uploads.arrived(id, written))) throw new Error(`upload ${id} was removed before it had arrived`);
      return { id, ...written };
    } catch (error) {
      // What cannot be removed now goes when its time is over.
      await Promise.all([storage.removePrefix(uploadFolder(id)), uploads.forget([id])]).catch((failed: unknown) => {
        log.warn({ err: failed, file: id }, 'an upload that broke off could not be removed yet');
      });
      throw error;
    }
  }
}

async function store(
  storage: Storage,
  key: string,
  body: Readable,
  maxMb: number,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const writer = await storage.create(key);
  try {
    // Not destroyed at a refusal: its connection has to carry the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer;
      if (writer.bytes + bytes.length > maxMb * MB) throw tooLarge(maxMb);
      hash.update(bytes);
      await writer.write(bytes);
    }
    await writer.commit();
    await storage.sync(key);
    return { bytes: writer.bytes, sha256: hash.digest('hex') };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

const tooLarge = (maxMb: number) =>
  problem('file-too-large', `A file may have ${maxMb} MB at most (1 MB is 1,048,576 bytes).`, {
    // Whatever else is on its way is not read.
    headers: { connection: 'close' },
  });
