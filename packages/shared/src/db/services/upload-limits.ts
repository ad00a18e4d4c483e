/**
 * How much of what one person has uploaded may wait for something to refer to it. Counted in the transaction that notes one
 * more, under that person's lock: of any number at once no more pass than may.
 */
import { ProblemError } from '../../errors.js';
import type { FileOwner } from '../../files/owner.js';
import type { Connection } from '../database.js';
import { lockPerson } from './limits.js';

/** Most that may wait of one person; 0 for no limit. */
export interface UploadLimits {
  files: number;
  /** Of 1,048,576 bytes. One file may always wait, however large. */
  mb: number;
  /** Milliseconds after which one that waits is removed. */
  ttlMs: number;
}

/** A limit that one more upload would pass, as the answer shows it. */
interface Hit {
  name: 'person-uploads' | 'person-upload-mb';
  most: number;
  current: number;
  retryAt: string;
}

export const TOO_MANY_UPLOADS = {
  type: 'too-many-uploads',
  status: 429,
  title: 'There are too many uploads that wait',
} as const;

/** One more upload would pass a limit: 429 `too-many-uploads` (RFC 6585), with `Retry-After` in seconds. */
export class TooManyUploadsError extends ProblemError {
  constructor(
    readonly limit: Hit,
    readonly retryAfterSeconds: number,
  ) {
    const { status, type, title } = TOO_MANY_UPLOADS;
    super(status, type, title, detailOf(limit), {
      // Whatever else is on its way is not read.
      headers: { 'retry-after': String(retryAfterSeconds), connection: 'close' },
      members: { limit },
    });
  }
}

const MB = 1024 * 1024;
/** What is over its time is removed by a round of clearing that begins within a minute. */
const ROUND_SECONDS = 60;

/**
 * Checks that one more upload of a person passes no limit. Holds that person's lock until the transaction ends.
 * @param bytes as many as it may have
 * @throws {TooManyUploadsError} naming the limit; `retryAt` is when enough of what waits will have been removed
 */
export async function checkUploads(
  trx: Connection,
  owner: FileOwner,
  bytes: number,
  { files, mb, ttlMs }: UploadLimits,
): Promise<void> {
  if (files === 0 && mb === 0) return;
  await lockPerson(trx, owner.id);
  const most = files === 0 ? Number.MAX_SAFE_INTEGER : files;
  const mostBytes = mb === 0 ? Number.MAX_SAFE_INTEGER : mb * MB;
  // Of what waits, the oldest is removed first: `nth` and `upTo` are how much is gone with each.
  const { rows } = await trx.raw<{ rows: { n: number; held: number; seconds: number }[] }>(
    `with waits as (
       select created_at, row_number() over oldest as nth, sum(bytes) over oldest as up_to,
         count(*) over () as n, sum(bytes) over () as held
       from files where kind = 'upload' and owner_kind = 'user' and owner_id = :owner and removed_at is null
       window oldest as (order by created_at, id))
     select n::float8 as n, held::float8 as held,
       ceil(extract(epoch from min(created_at) - now()) + :ttlMs / 1000.0 + ${ROUND_SECONDS})::float8 as seconds
     from waits
     where n - nth < :most and (held - up_to + :bytes <= :mostBytes or nth = n)
     group by n, held`,
    { owner: owner.id, ttlMs, most, bytes, mostBytes },
  );
  const { n, held, seconds } = rows[0] ?? { n: 0, held: 0, seconds: 0 };
  if (n >= most) throw refusal('person-uploads', files, n, seconds);
  if (n > 0 && held + bytes > mostBytes) throw refusal('person-upload-mb', mb, Math.ceil(held / MB), seconds);
}

function refusal(name: Hit['name'], most: number, current: number, seconds: number): TooManyUploadsError {
  const wait = Math.max(1, seconds);
  return new TooManyUploadsError(
    { name, most, current, retryAt: new Date(Date.now() + wait * 1000).toISOString() },
    wait,
  );
}

function detailOf({ name, most, retryAt }: Hit): string {
  const what = name === 'person-uploads' ? `${most} uploads` : `${most} MB of uploads`;
  return (
    `No more than ${what} of one person may wait to be added to a project, and with this one there would be. ` +
    `Add those that wait, or try again at ${retryAt}, when some of them will have been removed.`
  );
}
