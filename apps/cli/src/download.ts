/** Fetches a bundle: taken up again where it broke (RFC 9110, `Range` with `If-Range`), and compared with its SHA-256. */
import { humanBytes } from '@parcelpost/shared/words.js';
import { type Client, LONG_MS, SILENCE_MS } from './client.js';
import { CliError, isTransient } from './errors.js';
import { EXIT } from './exit-codes.js';
import type { Target } from './target.js';

/** The bundle as the service tells of it. */
export interface Wanted {
  id: string;
  bytes: number;
  /** Hexadecimal; in quotes, it is the bundle's ETag. */
  sha256: string;
}

export interface DownloadHooks {
  onProgress(bytes: number, total: number): void;
  /** Something was taken up again, or begun anew. */
  onNote(text: string): void;
}

/**
 * Fetches what the target lacks, and finishes it.
 * @throws {CliError} `checksum`: what arrived is not the bundle, and is thrown away; `bundle-changed`; `unreachable` once
 *   nothing has come for longer than our patience: what arrived stays; what the target throws
 */
export async function download(client: Client, wanted: Wanted, target: Target, hooks: DownloadHooks): Promise<void> {
  let leftover = target.offset > 0;
  if (target.offset > wanted.bytes) await target.restart();
  if (target.offset > 0) hooks.onNote(`Going on after the ${humanBytes(target.offset)} that are there.`);
  for (;;) {
    hooks.onProgress(target.offset, wanted.bytes);
    await fetchRest(client, wanted, target, hooks);
    if ((await target.digest()) === wanted.sha256) return target.finish();
    const restarted = await target.restart();
    if (!leftover || !restarted) throw wrongChecksum(target, restarted);
    // What an earlier run left may have been of another bundle.
    leftover = false;
    hooks.onNote('What was there was of another bundle: beginning anew.');
  }
}

async function fetchRest(client: Client, wanted: Wanted, target: Target, hooks: DownloadHooks): Promise<void> {
  const patience = client.patience(LONG_MS);
  let until = Date.now() + patience;
  let failures = 0;
  while (target.offset < wanted.bytes) {
    const before = target.offset;
    let failure = brokenOff(client.host);
    try {
      await fetchOnce(client, wanted, target, hooks);
      if (target.offset === wanted.bytes) return;
    } catch (error) {
      if (!isTransient(error)) throw error;
      failure = error;
    }
    if (target.offset > before) {
      failures = 0;
      until = Date.now() + patience;
      hooks.onNote(`The connection broke after ${humanBytes(target.offset)}; going on from there.`);
    }
    await client.rest(++failures, failure, until);
  }
}

/** One request, and as many bytes as it brings. */
async function fetchOnce(client: Client, wanted: Wanted, target: Target, hooks: DownloadHooks): Promise<void> {
  const etag = `"${wanted.sha256}"`;
  const response = await client.open(`api/v1/exports/${wanted.id}/download`, {
    headers: {
      accept: 'application/zip',
      // Of what is compressed on its way, no range could be asked.
      'accept-encoding': 'identity',
      ...(target.offset > 0 && { range: `bytes=${target.offset}-`, 'if-range': etag }),
    },
  });
  // What compresses or passes on an answer may weaken its ETag (RFC 9110, section 8.8.1); the SHA-256 tells of the bytes.
  const given = response.headers.get('etag')?.replace(/^W\//, '') ?? null;
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
  const isRest = response.status === 206 && Number(first) === target.offset && Number(total) === wanted.bytes;
  if ((given !== null && given !== etag) || (response.status === 206 && !isRest)) {
    await response.body?.cancel();
    throw changed();
  }
  if (response.status === 200 && target.offset > 0 && !(await target.restart())) {
    await response.body?.cancel();
    throw new CliError(EXIT.unreachable, 'unreachable', `${client.host} does not go on where it broke off.`);
  }
  for await (const chunk of client.chunks(response, () => SILENCE_MS)) {
    // More than there should be is not ours to keep; its hash tells.
    await target.write(chunk.subarray(0, wanted.bytes - target.offset));
    hooks.onProgress(target.offset, wanted.bytes);
  }
}

function brokenOff(host: string): CliError {
  return new CliError(EXIT.unreachable, 'unreachable', `${host} breaks off before the bundle is whole.`, {
    transient: true,
    advice: ['Give the same command again: it goes on where it stopped.'],
  });
}

function changed(): CliError {
  return new CliError(EXIT.checksum, 'bundle-changed', 'The export has another bundle now than a moment ago.', {
    advice: ['Give the same command again.'],
  });
}

function wrongChecksum(target: Target, thrownAway: boolean): CliError {
  const what = thrownAway ? 'It was thrown away.' : 'Do not use what was written.';
  return new CliError(
    EXIT.checksum,
    'checksum',
    `What arrived in ${target.name} is not the bundle: its SHA-256 is another one. ${what}`,
    { advice: ['Give the same command again. If it stays so, something between here and the service changes it.'] },
  );
}
