/** `npm start [-- --engine redis|postgres]`: producer and worker on the embedded services, until it is told to end. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { appEnvironment } from '../services/app-environment.js';
import { startApps } from './apps.js';
import { runCommand } from './command.js';
import { ENGINE_OPTION, engineChoice } from './engine.js';
import { chosenPort, dataDir, openLocalDatabase, sampleSignIn, secretsInUse, storageFolder } from './local.js';
import { mailRelay } from './local-services.js';

await runCommand(async (context) => {
  const log = (line: string) => console.log(`· ${line}`);
  const { values } = parseArgs({ options: ENGINE_OPTION });
  const database = await openLocalDatabase(context, log, engineChoice(values.engine));
  const port = await chosenPort();
  const publicUrl = (process.env.PUBLIC_URL || `http://127.0.0.1:${port}`).replace(/\/$/, '');
  const smtpUrl = await mailRelay(context, log);
  const storage = process.env.STORAGE_URL ? { STORAGE_URL: process.env.STORAGE_URL } : {};
  const { producer, worker } = appEnvironment({
    ...database,
    storageDir: storageFolder(),
    publicUrl,
    smtpUrl,
    secrets: secretsInUse(),
  });
  const env = {
    producer: { ...producer, ...storage, ...(database.embedded ? { SAMPLE_SIGN_IN: sampleSignIn() } : {}) },
    worker: { ...worker, ...storage },
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
