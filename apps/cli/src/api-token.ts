/** The caller's token of another platform, which the service forwards and never shows again. */
import type { Context } from './context.js';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';
import { readSecret } from './secrets.js';

/**
 * `{apiToken}` from `--api-token-file`, else from `PARCELPOST_API_TOKEN`; nothing without them.
 * @throws {CliError} `file`, `usage`
 */
export async function apiTokenOf({ parsed, io, output }: Context): Promise<{ apiToken?: string }> {
  const path = parsed.text('api-token-file');
  if (path === '-' && parsed.text('token-file') === '-') {
    throw new CliError(EXIT.usage, 'usage', 'Only one of --token-file and --api-token-file can be standard input.');
  }
  const warnings: string[] = [];
  const apiToken = (
    path === undefined ? io.env.PARCELPOST_API_TOKEN : await readSecret(path, io.stdin, warnings)
  )?.trim();
  for (const warning of warnings) output.warn(`parcelpost: ${warning}`);
  if (!apiToken) return {};
  output.hide(apiToken);
  return { apiToken };
}
