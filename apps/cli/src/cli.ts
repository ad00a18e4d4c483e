/** The command line: finds the command, runs it, and tells of what goes wrong. Whatever happens comes out as a code. */
import { type Parsed, parseCommand } from './arguments.js';
import { COMMANDS } from './commands.js';
import { Context, type Io } from './context.js';
import { CliError, Interrupted } from './errors.js';
import { EXIT } from './exit-codes.js';
import { Output } from './output.js';

/** Runs `parcelpost <args>`. @returns the exit code */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) {
    io.stdout.write((await import('./help.js')).overview());
    return first === undefined ? EXIT.usage : EXIT.done;
  }
  if (first === '--version' || first === '-V') {
    io.stdout.write(`${(await import('./version.js')).CLI_VERSION}\n`);
    return EXIT.done;
  }
  const name = first === 'help' ? rest[0] : first;
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) {
    const known = COMMANDS.map((each) => each.name).join(', ');
    failed(new CliError(EXIT.usage, 'usage', `There is no such command. There are ${known}.`), args, io);
    return EXIT.usage;
  }
  let parsed: Parsed;
  try {
    parsed = parseCommand(command, first === 'help' ? ['--help'] : rest);
  } catch (error) {
    failed(error as CliError, args, io);
    return EXIT.usage;
  }
  if (parsed.has('help')) {
    io.stdout.write((await import('./help.js')).helpOf(command));
    return EXIT.done;
  }
  const context = new Context(io, parsed);
  try {
    const run = await command.load();
    return await run(context, parsed);
  } catch (error) {
    return await ended(error, context);
  } finally {
    context.output.endProgress();
  }
}

/** Before anything is parsed, `--json` still decides how it is told. */
function failed(error: CliError, args: readonly string[], { stdout, stderr, env }: Io): void {
  new Output({ stdout, stderr, env, json: args.includes('--json'), quiet: false }).fail(error);
}

async function ended(error: unknown, context: Context): Promise<number> {
  const { output, underway, io } = context;
  const find = await context.whereToFindIt();
  const { id, part } = underway;
  const about = { ...(id !== undefined && { id }), ...(find.length > 0 && { commands: find }) };
  if (error instanceof Interrupted) {
    output.endProgress();
    output.document({ event: 'interrupted', signal: error.signal, exitCode: error.exit, ...about });
    if (!output.json) for (const line of [farewell(context), ...find.map((each) => `  ${each}`)]) output.warn(line);
    return error.exit;
  }
  if (error instanceof CliError) {
    output.fail(error, about);
    // What is still there after an error is worth finding again too.
    if (!output.json && find.length > 0 && error.exit !== EXIT.usage && (underway.running || part !== undefined)) {
      for (const each of find) output.warn(`  ${each}`);
    }
    return error.exit;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  output.fail(new CliError(EXIT.fault, 'fault', `A fault of this program: ${message}`, { cause: error }), about);
  if (io.env.DEBUG) output.warn(stack ?? '');
  return EXIT.fault;
}

function farewell({ underway }: Context): string {
  if (underway.part !== undefined) return `Interrupted. What arrived is in ${underway.part}; to go on from there:`;
  if (underway.id !== undefined && underway.running) {
    return `Interrupted. Export ${underway.id} goes on without you; to find it again:`;
  }
  if (underway.id !== undefined) return 'Interrupted. To find the export again:';
  if (underway.key !== undefined) {
    return `Interrupted before the answer came: the export may have been asked for. --key ${underway.key} asks for the same one again; to see:`;
  }
  return 'Interrupted.';
}
