/** Reads tokens from where others do not see them. */
import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';

/** Standard input. */
export type Input = AsyncIterable<Buffer | string>;

const MOST_BYTES = 64 * 1024;

/** Whether the group or everybody may read a file; where the system has no such modes, nobody is said to. */
export function openToOthers({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & 0o044) !== 0;
}

/**
 * The text of a file, or of standard input for `-`. Pipes are read too (`<(pass show parcelpost)`).
 * @param warnings gets a line where others may read an ordinary file: they may have to, in a container
 * @throws {CliError} `file`
 */
export async function readSecret(path: string, input: Input, warnings: string[]): Promise<string> {
  if (path === '-') return text(input, 'standard input');
  try {
    const handle = await open(path, 'r');
    try {
      const found = await handle.stat();
      if (found.isFile() && openToOthers(found)) {
        warnings.push(`${path} holds a token, and others than you may read it: chmod 600 ${path}`);
      }
      return await text(handle.createReadStream({ autoClose: false }), path);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(EXIT.file, 'file', `${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

async function text(chunks: Input, what: string): Promise<string> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    read.push(Buffer.from(chunk));
    bytes += read.at(-1)?.length ?? 0;
    if (bytes > MOST_BYTES) throw new CliError(EXIT.usage, 'settings', `What is in ${what} is too long for a token.`);
  }
  return Buffer.concat(read).toString('utf8');
}
