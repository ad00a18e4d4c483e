/** What the operator's commands have in common. */
import { hostname, userInfo } from 'node:os';
import { type OpsConfig, queueUrl } from '@parcelpost/shared/config.js';
import { type Database, openDatabase } from '@parcelpost/shared/db/database.js';
import { Inspection } from '@parcelpost/shared/db/services/inspection.js';
import { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { openQueues, type Queues } from '@parcelpost/shared/queues/queues.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';

export interface OpsContext {
  config: OpsConfig;
  queueUrl: string;
  db: Database;
  queues: Queues;
  inspection: Inspection;
  writes: Writes;
  print(line: string): void;
}

/** A command was called in a way that it does not have. The message says which ways there are. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was asked cannot be done. The message says why, and what can. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** How this program is called, for advice. */
export const PROGRAM = process.env.npm_lifecycle_event ? 'npm run ops --' : 'node apps/producer/dist/cli/ops.js';

/** Runs a command on connections that are closed after it. Nothing is connected before the command asks. */
export async function withContext<Result>(
  config: OpsConfig,
  print: (line: string) => void,
  run: (context: OpsContext) => Promise<Result>,
): Promise<Result> {
  const url = queueUrl(config);
  const db = openDatabase(config.DATABASE_URL, { name: 'parcelpost-ops', max: 4 });
  // Errors of the engine come with what was asked of it; there is nobody to read a log.
  const queues = openQueues(url, { prefix: config.QUEUE_PREFIX, log: createLogger('ops', 'silent') });
  try {
    const log = createLogger('ops', 'silent');
    const writes = new Writes({ db, log, actor: operator(), unmasked: true });
    return await run({ config, queueUrl: url, db, queues, inspection: new Inspection(db), writes, print });
  } finally {
    await queues.close();
    await db.destroy();
  }
}

/** Whoever has this program run, as what they do is noted. */
function operator(): Actor {
  let name = 'operator';
  try {
    name = userInfo().username;
  } catch {
    // A container may run as a user that has no name.
  }
  return { kind: 'operator', id: `${name}@${hostname()}`, name };
}

/** Reads the one argument that is an id. Throws {@link UsageError}. */
export function idOf(args: readonly string[], usage: string): string {
  const [id, ...more] = args;
  if (id === undefined || more.length > 0) throw new UsageError(`Usage: ${PROGRAM} ${usage}`);
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw new UsageError(`"${id}" is no id: it is a UUID`);
  return id.toLowerCase();
}
