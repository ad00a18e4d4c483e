/** `npm run token -- <user> [hours]`: prints a token with which that user calls the API, or signs in to the pages. */

import { ConfigError, readTokenConfig } from '@parcelpost/shared/config.js';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { UserService } from '@parcelpost/shared/db/services/users.js';
import { DEFAULT_AUTH_HOURS, mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';

const USAGE = 'Usage: npm run token -- <user> [hours]\n';

async function main([username, hoursText = String(DEFAULT_AUTH_HOURS)]: string[]): Promise<number> {
  const hours = Number(hoursText);
  if (!username || !(hours > 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const config = readTokenConfig(process.env);
  const db = openDatabase(config.DATABASE_URL, { name: 'parcelpost-token', max: 1 });
  try {
    const users = new UserService(db);
    const user = await users.byUsername(username);
    if (!user) {
      const known = (await users.list(20)).map((one) => one.username).join(', ');
      process.stderr.write(`There is no user ${username}. Known are: ${known || 'none'}\n`);
      return 1;
    }
    process.stdout.write(`${mintAuthToken(user.id, config.AUTH_SECRET, hours)}\n`);
    return 0;
  } finally {
    await db.destroy();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
