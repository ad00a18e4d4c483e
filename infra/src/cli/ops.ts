/**
 * `npm run ops -- <command>`: looks after an installation: the one of `DATABASE_URL`, else that of `npm start` or `npm run
 * demo` on this machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCommand } from './command.js';
import { runningRedis } from './engine.js';
import { dataDir, openLocalDatabase, ROOT, storageFolder } from './local.js';

await runCommand(async (context) => {
  const given = process.argv.slice(2);
  const asksForHelp = given.length === 0 || given.includes('--help') || given.includes('-h');
  // Standard output is for the command's own.
  const local =
    process.env.DATABASE_URL || asksForHelp
      ? undefined
      : await openLocalDatabase(context, (line) => console.error(`· ${line}`));
  const env = local
    ? {
        STORAGE_URL: pathToFileURL(storageFolder()).href,
        ...process.env,
        DATABASE_URL: local.databaseUrls.producer,
        QUEUE_URL:
          process.env.QUEUE_URL ||
          process.env.REDIS_URL ||
          runningRedis(join(dataDir(), 'redis')) ||
          local.queueUrl ||
          local.databaseUrls.producer,
      }
    : process.env;
  const main = join(ROOT, 'apps', 'producer', 'dist', 'cli', 'ops.js');
  const child = spawn(process.execPath, ['--enable-source-maps', main, ...given], {
    env,
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
});
