/** `npm run migrate`: brings the database of `DATABASE_URL`, and queues that PostgreSQL carries, up to date. */
import { queueUrl, readDatabaseConfig } from '@parcelpost/shared/config.js';
import { migrateAll } from '../database/migrate-all.js';
import { runCommand } from './command.js';

await runCommand(async () => {
  const config = readDatabaseConfig(process.env);
  const applied = await migrateAll({
    databaseUrl: config.DATABASE_URL,
    queueUrl: queueUrl(config),
    queuePrefix: config.QUEUE_PREFIX,
  });
  console.log(applied.length > 0 ? `applied ${applied.join(', ')}` : 'the database was up to date');
  return 0;
});
