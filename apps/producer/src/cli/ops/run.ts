/** The operator's commands: reads how one was called, and runs it. */
import { parseArgs } from 'node:util';
import { ConfigError, readOpsConfig } from '@parcelpost/shared/config.js';
import { listDeeds } from './audit.js';
import { idOf, type OpsContext, PROGRAM, RefusedError, UsageError, withContext } from './context.js';
import { reasonOf } from './diagnosis.js';
import { doctor } from './doctor.js';
import { cancelExport, EXPORT_STATES, isExportState, listExports, refuseRetry, showExport } from './exports.js';
import { FOLLOW_UP_STATES, isFollowUpState, listFollowUps, showFollowUp } from './follow-ups.js';
import { linkIdentity, unlinkIdentity } from './identities.js';
import { expireFiles, pinFiles, unpinFiles } from './keep.js';
import { listRefused } from './refused.js';
import { replayFollowUp } from './replay.js';
import { handleOrphans, showUsage } from './storage.js';

const HELP = `Looks after an installation.

  ${PROGRAM} doctor                       what is stuck, and what to do about each
  ${PROGRAM} follow-ups list              the newest; of one export: --export <id>; --state <state>
  ${PROGRAM} follow-ups show <id>         all of one; its arguments with --args
  ${PROGRAM} follow-ups replay <id>       runs one that failed once more; the outcome of the export stays
  ${PROGRAM} exports list                 the newest; --state <state>
  ${PROGRAM} exports show <id>            its work and its follow-ups
  ${PROGRAM} exports cancel <id>          ends one that runs
  ${PROGRAM} audit                        who did what, the newest; of one export: --export <id>
  ${PROGRAM} link <username>              whose an identity of the provider's is: --issuer <url> --subject <sub>
  ${PROGRAM} unlink                       has it be nobody's: --issuer <url> --subject <sub>
  ${PROGRAM} refused list                 jobs that workers found in a queue and would not run
  ${PROGRAM} pin <id>                     keeps the files of an export, until somebody unpins, or --until <time>
  ${PROGRAM} unpin <id>                   lets them go when their time is over, an hour from now at the soonest
  ${PROGRAM} expire <id>                  has the time of its files be over now; its row stays
  ${PROGRAM} usage                        what each project has in storage
  ${PROGRAM} orphans                      objects in storage that no row stands for, and rows whose object is gone;
                                          removes the former with --remove

  --json            for programs
  --limit <n>       lines of a list (default 50)
  --minutes <n>     doctor: what has not moved for so long is stuck (default 30)
  --hours <n>       doctor, refused: failures and refusals count for so long (default 24)
                    orphans: what was changed since is left alone (default 24)

States of exports: ${EXPORT_STATES}. States of follow-ups: ${FOLLOW_UP_STATES}.
doctor ends with 0 when nothing is wrong, 1 when something is, 2 when not all could be looked at.
orphans ends with 1 where any are left, or any object is lost.
Reads DATABASE_URL, QUEUE_URL, QUEUE_PREFIX, STORAGE_URL, PUBLIC_URL, TASK_ROUTES, TASKS_MODULE, SWEEP_SECONDS,
PROJECT_QUOTA_MB; no secret.`;

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  json: { type: 'boolean', default: false },
  args: { type: 'boolean', default: false },
  remove: { type: 'boolean', default: false },
  until: { type: 'string' },
  issuer: { type: 'string' },
  subject: { type: 'string' },
  export: { type: 'string' },
  state: { type: 'string' },
  limit: { type: 'string', default: '50' },
  minutes: { type: 'string', default: '30' },
  hours: { type: 'string', default: '24' },
} as const;

type Values = ReturnType<typeof parse>['values'];
type Command = (context: OpsContext, args: string[], values: Values) => Promise<number> | number;

const COMMANDS: Record<string, { takes: readonly (keyof Values)[]; run: Command }> = {
  doctor: {
    takes: ['minutes', 'hours'],
    run: (context, args, values) =>
      doctor(none(context, args), {
        json: values.json,
        stuckSeconds: number('minutes', values.minutes) * 60,
        sinceSeconds: number('hours', values.hours) * 3600,
        sweepSeconds: context.config.SWEEP_SECONDS,
      }),
  },
  'follow-ups list': {
    takes: ['export', 'state', 'limit'],
    run: (context, args, values) =>
      listFollowUps(none(context, args), {
        exportId: values.export === undefined ? undefined : idOf([values.export], 'follow-ups list --export <id>'),
        state: oneOf('state', values.state, isFollowUpState, FOLLOW_UP_STATES),
        limit: number('limit', values.limit),
        json: values.json,
      }),
  },
  'follow-ups show': {
    takes: ['args'],
    run: (context, args, { args: withArgs, json }) =>
      showFollowUp(context, { id: idOf(args, 'follow-ups show <id> [--args]'), args: withArgs, json }),
  },
  'follow-ups replay': {
    takes: [],
    run: (context, args) => replayFollowUp(context, idOf(args, 'follow-ups replay <id>')),
  },
  'exports list': {
    takes: ['state', 'limit'],
    run: (context, args, values) =>
      listExports(none(context, args), {
        state: oneOf('state', values.state, isExportState, EXPORT_STATES),
        limit: number('limit', values.limit),
        json: values.json,
      }),
  },
  'exports show': {
    takes: [],
    run: (context, args, { json }) => showExport(context, { id: idOf(args, 'exports show <id>'), json }),
  },
  'exports cancel': { takes: [], run: (context, args) => cancelExport(context, idOf(args, 'exports cancel <id>')) },
  'exports retry': { takes: [], run: (_context, args) => refuseRetry(idOf(args, 'exports retry <id>')) },
  audit: {
    takes: ['export', 'limit'],
    run: (context, args, values) =>
      listDeeds(none(context, args), {
        exportId: values.export === undefined ? undefined : idOf([values.export], 'audit --export <id>'),
        limit: number('limit', values.limit),
        json: values.json,
      }),
  },
  pin: { takes: ['until'], run: (context, args, { until }) => pinFiles(context, idOf(args, 'pin <id>'), until) },
  unpin: { takes: [], run: (context, args) => unpinFiles(context, idOf(args, 'unpin <id>')) },
  expire: { takes: [], run: (context, args) => expireFiles(context, idOf(args, 'expire <id>')) },
  link: { takes: ['issuer', 'subject'], run: linkIdentity },
  unlink: { takes: ['issuer', 'subject'], run: unlinkIdentity },
  usage: {
    takes: ['limit'],
    run: (context, args, { limit, json }) => showUsage(none(context, args), { limit: number('limit', limit), json }),
  },
  orphans: {
    takes: ['remove', 'hours', 'limit'],
    run: (context, args, { remove, hours, limit, json }) =>
      handleOrphans(none(context, args), {
        remove,
        hours: number('hours', hours),
        limit: number('limit', limit),
        json,
      }),
  },
  'refused list': {
    takes: ['hours', 'limit'],
    run: (context, args, values) =>
      listRefused(none(context, args), {
        sinceSeconds: number('hours', values.hours) * 3600,
        limit: number('limit', values.limit),
        json: values.json,
      }),
  },
};

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true, tokens: true });
}

/** Where a command writes to. */
export interface Output {
  print(line: string): void;
  complain(line: string): void;
}

/**
 * Runs one command. Never throws: what went wrong is told to `complain`.
 * @returns the exit code: the command's own, 1 where it refused, 2 where it was called wrongly or could not be run
 */
export async function runOps(argv: string[], env: NodeJS.ProcessEnv, { print, complain }: Output): Promise<number> {
  try {
    return await run(argv, env, print);
  } catch (error) {
    const ours = error instanceof UsageError || error instanceof ConfigError || error instanceof RefusedError;
    // Of what is not ours, such as a database that is away, the message says enough; its stack is for those who mend it.
    complain(ours || !env.DEBUG ? reasonOf(error) : String((error as Error).stack));
    return error instanceof RefusedError ? 1 : 2;
  }
}

async function run(argv: string[], env: NodeJS.ProcessEnv, print: Output['print']): Promise<number> {
  const { values, positionals, tokens } = parsed(argv);
  if (values.help || positionals.length === 0) {
    print(HELP);
    return values.help ? 0 : 2;
  }
  const words = Object.hasOwn(COMMANDS, positionals[0] ?? '') ? 1 : 2;
  const name = positionals.slice(0, words).join(' ');
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new UsageError(`There is no command "${name}". All there are: ${PROGRAM} --help`);
  for (const token of tokens) {
    if (token.kind !== 'option' || ['json', 'help', ...command.takes].includes(token.name)) continue;
    throw new UsageError(`${name} does not take --${token.name}. What there is: ${PROGRAM} --help`);
  }
  return withContext(readOpsConfig(env), print, async (context) =>
    command.run(context, positionals.slice(words), values),
  );
}

function parsed(argv: string[]) {
  try {
    return parse(argv);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nWhat there is: ${PROGRAM} --help`);
  }
}

function none(context: OpsContext, args: readonly string[]): OpsContext {
  if (args.length > 0) throw new UsageError(`"${args[0]}" is too much. What there is: ${PROGRAM} --help`);
  return context;
}

function number(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 100_000)) {
    throw new UsageError(`--${option} is a number above 0, not "${text}"`);
  }
  return option === 'limit' ? Math.ceil(value) : value;
}

function oneOf(
  option: string,
  text: string | undefined,
  known: (text: string) => boolean,
  all: string,
): string | undefined {
  if (text === undefined || known(text)) return text;
  throw new UsageError(`--${option} is one of ${all}, not "${text}"`);
}
