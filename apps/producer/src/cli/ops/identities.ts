/** `ops link` and `ops unlink`: whose an identity of the provider's is. */
import { SignInTasks } from '../../sign-in/tasks.js';
import { type OpsContext, PROGRAM, RefusedError, UsageError } from './context.js';

interface Options {
  issuer?: string;
  subject?: string;
}

/** Both, as the producer's log has them. @throws {UsageError} */
function named({ issuer, subject }: Options): { issuer: string; subject: string } {
  if (issuer && subject) return { issuer, subject };
  throw new UsageError(
    'Name the identity by --issuer and --subject; the log of the producer has both of whoever was turned away.',
  );
}

function tasksOf({ writes }: OpsContext): SignInTasks {
  const tasks = new SignInTasks();
  tasks.audit(writes.runner.hooks);
  return tasks;
}

/** Says whose an identity is from now on. */
export async function linkIdentity(context: OpsContext, args: readonly string[], options: Options): Promise<number> {
  const [username, ...more] = args;
  if (username === undefined || more.length > 0) {
    throw new UsageError(`Usage: ${PROGRAM} link <username> --issuer <url> --subject <sub>`);
  }
  const identity = named(options);
  const { runner, actor } = context.writes;
  const linked = await runner.runSingle(tasksOf(context).link(actor, { username, identity }));
  if (linked === 'no-user') throw new RefusedError(`No user is called ${username}.`);
  if (linked === 'taken') {
    throw new RefusedError(`That identity is somebody's already; have it be nobody's first: ${PROGRAM} unlink.`);
  }
  context.print(`Whoever signs in at ${identity.issuer} as ${identity.subject} is ${username} from now on.`);
  return 0;
}

/** Has it be nobody's. Sessions that it began go on until they are over. */
export async function unlinkIdentity(context: OpsContext, args: readonly string[], options: Options): Promise<number> {
  if (args.length > 0) throw new UsageError(`Usage: ${PROGRAM} unlink --issuer <url> --subject <sub>`);
  const identity = named(options);
  const { runner, actor } = context.writes;
  const was = await runner.runSingle(tasksOf(context).unlink(actor, identity));
  context.print(
    was === undefined
      ? 'That identity was nobody’s.'
      : 'That identity is nobody’s now. Sessions go on until they are over.',
  );
  return 0;
}
