/** `npm start`: producer and worker on the embedded services, until it is told to end. */
import { join } from 'node:path';
import { appEnvironment } from '../services/app-environment.js';
import { startApps } from './apps.js';
import { runCommand } from './command.js';
import { chosenPort, dataDir, openLocalDatabase, secretsInUse } from './local.js';
import { mailRelay, storageFolder } from './local-services.js';

await runCommand(async (context) => {
  const log = (line: string) => console.log(`· ${line}`);
  const database = await openLocalDatabase(context, log);
  const port = await chosenPort();
  const publicUrl = process.env.PUBLIC_URL || `http://127.0.0.1:${port}`;
  const smtpUrl = await mailRelay(context, log);
  const env = {
    ...appEnvironment({ ...database, storageDir: storageFolder(), publicUrl, smtpUrl, secrets: secretsInUse() }),
    ...(process.env.STORAGE_URL ? { STORAGE_URL: process.env.STORAGE_URL } : {}),
    ...(database.embedded ? { SAMPLE_SIGN_IN: process.env.SAMPLE_SIGN_IN || 'true' } : {}),
  };
  const logs = join(dataDir(), 'logs');
  const apps = await startApps(context, { env, port, workers: 1, logs });
  log(`logs are in ${logs}`);
  console.log(
    `\nParcelpost is up: ${publicUrl}/exports  (API: ${publicUrl}/api/v1, a token: npm run token -- ana)\nCtrl-C ends it.`,
  );
  await Promise.race([context.untilToldToEnd(), apps.failed]);
  console.log('\nending …');
  return 0;
});
