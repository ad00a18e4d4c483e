/** `npm run token -- <user> [hours]`: prints a token of a user, of `DATABASE_URL`'s database or the embedded one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { runCommand } from './command.js';
import { openLocalDatabase, ROOT, secretsInUse } from './local.js';

await runCommand(async (context) => {
  // Standard output is for the token alone.
  const local = process.env.DATABASE_URL
    ? undefined
    : await openLocalDatabase(context, (line) => console.error(`· ${line}`));
  const env = local ? { ...process.env, ...secretsInUse(), DATABASE_URL: local.databaseUrls.producer } : process.env;
  const main = join(ROOT, 'apps', 'producer', 'dist', 'cli', 'token.js');
  const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { env, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
});
