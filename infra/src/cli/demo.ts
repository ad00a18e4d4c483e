/**
 * `npm run demo [-- --once] [--out DIR] [--engine redis|postgres]`: starts everything, exports both sample projects, and shows what came of it.
 *
 * With `--once` it ends then: code 0 where both exports completed and both mails came; the last line of standard output is
 * `{"exports": [{id, state, bundle, files: [{name, rows, bytes}]}], "mails": [path]}`. Without, it stays up.
 */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { UserService } from '@parcelpost/shared/db/services/users.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { humanBytes } from '@parcelpost/shared/words.js';
import { seedSamples } from '../samples/seed-samples.js';
import { ApiClient, type ExportState } from '../services/api-client.js';
import { appEnvironment } from '../services/app-environment.js';
import { startSmtpCatcher } from '../services/smtp-catcher.js';
import { startApps } from './apps.js';
import { type CommandContext, runCommand } from './command.js';
import { ENGINE_OPTION, engineChoice } from './engine.js';
import {
  chosenPort,
  dataDir,
  localStorage,
  openLocalDatabase,
  sampleSignIn,
  secretsInUse,
  storageFolder,
} from './local.js';
import { mailFolder } from './local-services.js';
import { duration, table } from './text.js';

const PROJECTS = ['us-census/counties', 'cadasta/london-2'];
const PATIENCE_MS = 150_000;

interface Outcome {
  project: string;
  state: ExportState;
  seconds: number;
  /** The downloaded zip; undefined where there is none. */
  bundle: string | undefined;
  mails: string[];
}

await runCommand(async (context) => {
  const { values } = parseArgs({
    options: { once: { type: 'boolean', default: false }, out: { type: 'string', default: 'out' }, ...ENGINE_OPTION },
  });
  const engine = engineChoice(values.engine);
  const out = resolve(callersFolder(), values.out);
  mkdirSync(out, { recursive: true });
  const log = (line: string) => console.log(`· ${line}`);

  const database = await openLocalDatabase(context, log, engine);
  if (!database.embedded) await seedSamples(database.databaseUrls.owner, localStorage());
  // Never a real relay: the sample people have no mailboxes.
  const catcher = await startSmtpCatcher({ dir: mailFolder() });
  context.atEnd(() => catcher.stop());
  const port = await chosenPort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const secrets = secretsInUse();
  const services = { ...database, storageDir: storageFolder(), publicUrl, smtpUrl: catcher.url, secrets };
  const { producer, worker } = appEnvironment(services);
  const storage = process.env.STORAGE_URL ? { STORAGE_URL: process.env.STORAGE_URL } : {};
  const env = {
    producer: { ...producer, ...storage, SAMPLE_SIGN_IN: sampleSignIn() },
    worker: { ...worker, ...storage },
  };
  const apps = await startApps(context, { env, port, workers: 2, logs: join(dataDir(), 'logs') });
  log(`producer and two workers have started; their logs are in ${join(dataDir(), 'logs')}`);

  const api = new ApiClient(apps.url, await tokenOf('ana', database.databaseUrls.producer, secrets.AUTH_SECRET));
  const outcomes = await Promise.race([
    Promise.all(PROJECTS.map((project) => runExport(api, project, out, log))),
    apps.failed,
  ]);
  report(outcomes);
  if (!values.once) return stayUp(context, publicUrl, apps.failed);
  const summary = {
    exports: outcomes.map(({ state, bundle }) => ({
      id: state.id,
      state: state.state,
      bundle: bundle ?? null,
      files: state.files.map(({ name, rows, bytes: size }) => ({ name, rows, bytes: size })),
    })),
    mails: outcomes.flatMap(({ mails }) => mails),
  };
  console.log(JSON.stringify(summary));
  return outcomes.every(({ bundle, mails }) => bundle !== undefined && mails.length === 1) ? 0 : 1;
});

/** npm runs its scripts in the checkout; a relative folder is meant from where npm was called. */
function callersFolder(): string {
  return process.env.npm_lifecycle_event === 'demo' ? (process.env.INIT_CWD ?? process.cwd()) : process.cwd();
}

async function tokenOf(username: string, databaseUrl: string, secret: string): Promise<string> {
  const db = openDatabase(databaseUrl, { max: 1 });
  try {
    const user = await new UserService(db).byUsername(username);
    if (!user) throw new Error(`the sample user ${username} is missing from the database`);
    return mintAuthToken(user.id, secret.split(','));
  } finally {
    await db.destroy();
  }
}

async function runExport(api: ApiClient, project: string, out: string, log: (line: string) => void): Promise<Outcome> {
  const begun = Date.now();
  const { id } = await api.requestExport(project, {
    outputType: 'shp',
    onSuccess: [{ task: 'msg.email' }],
    onFailure: [{ task: 'msg.email' }],
  });
  log(`asked for an export of ${project}: ${id}`);
  const decided = await api.waitForOutcome(id, { timeoutMs: PATIENCE_MS });
  const seconds = (Date.now() - begun) / 1000;
  let bundle: string | undefined;
  if (decided.state === 'completed' && decided.bundle) {
    bundle = join(out, decided.bundle.name);
    await api.download(id, bundle);
  }
  const state = await api.waitFor(
    id,
    ({ followUps }) => followUps.every((one) => one.state === 'done' || one.state === 'failed'),
    {
      timeoutMs: PATIENCE_MS,
    },
  );
  const sent = state.followUps.filter((one) => one.state === 'done').map((one) => one.id);
  // Mails are named by their Message-ID, which begins with the follow-up's id.
  const mails = readdirSync(mailFolder())
    .filter((name) => name.endsWith('.eml') && sent.some((followUp) => name.startsWith(`${followUp}@`)))
    .map((name) => {
      copyFileSync(join(mailFolder(), name), join(out, name));
      return join(out, name);
    });
  return { project, state, seconds, bundle, mails };
}

function report(outcomes: Outcome[]): void {
  for (const { project, state, seconds, bundle, mails } of outcomes) {
    console.log(`\n${project}: ${state.state} after ${duration(seconds)}, ${state.progress.rows} records`);
    if (state.error) console.log(`  ${state.error.code}: ${state.error.message}`);
    if (bundle && state.bundle) console.log(`  ${bundle}  (${humanBytes(state.bundle.bytes)})`);
    for (const mail of mails) console.log(`  mail to ana@example.org: ${basename(mail)}`);
    const rows = state.files.map((file) => [
      file.name,
      file.rows === null ? '' : String(file.rows),
      humanBytes(file.bytes),
    ]);
    if (rows.length > 0) console.log(table([['file', 'records', 'size'], ...rows], '    '));
    for (const warning of state.warnings) console.log(`  note: ${warning}`);
  }
  console.log('');
}

async function stayUp(context: CommandContext, publicUrl: string, failed: Promise<never>): Promise<number> {
  console.log(
    `The exports are listed at ${publicUrl}/exports (choose a user there to sign in as).\nCtrl-C ends it all.`,
  );
  await Promise.race([context.untilToldToEnd(), failed]);
  console.log('\nending …');
  return 0;
}
