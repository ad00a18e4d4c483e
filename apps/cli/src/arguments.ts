/** What each command takes: read by the parser, and printed by `--help`. */
import { parseArgs } from 'node:util';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';

export interface Option {
  type: 'boolean' | 'string';
  short?: string;
  multiple?: boolean;
  /** What stands for the value in the help: `<file>`. */
  value?: string;
  help: string;
}
export type Options = Readonly<Record<string, Option>>;

export interface CommandSpec {
  name: string;
  /** What stands behind the name in its usage. */
  operands: string;
  /** How many operands it takes, least and most. */
  takes: readonly [least: number, most: number];
  summary: string;
  options: Options;
  /** More lines of its help. */
  notes?: readonly string[];
}

export interface Parsed {
  operands: string[];
  /** Whether a flag is given. */
  has(name: string): boolean;
  /** The value of an option, the last one given. */
  text(name: string): string | undefined;
  /** All values of an option that may be repeated. */
  all(name: string): string[];
}

/** Options of every command. */
export const COMMON: Options = {
  url: { type: 'string', value: '<url>', help: 'address of the service, such as https://parcelpost.example.org' },
  'token-file': { type: 'string', value: '<file>', help: 'file that holds your token; - for standard input' },
  config: { type: 'string', value: '<file>', help: 'settings, in place of ~/.config/parcelpost/config.json' },
  'insecure-http': { type: 'boolean', help: 'send the token over http:// to another machine too' },
  patience: { type: 'string', value: '<time>', help: 'how long to keep trying while the service does not answer' },
  json: { type: 'boolean', help: 'one JSON document per line on standard output, and no progress bar' },
  quiet: { type: 'boolean', short: 'q', help: 'no progress' },
  help: { type: 'boolean', short: 'h', help: 'show this' },
};

/**
 * Reads what stands behind a command's name.
 * @throws {CliError} `usage`, naming the option that is unknown, lacks its value, or is given to no purpose
 */
export function parseCommand(spec: CommandSpec, args: readonly string[]): Parsed {
  const options = { ...COMMON, ...spec.options };
  const hint = [`parcelpost ${spec.name} --help`];
  // It would be seen in the list of processes and kept in the shell's history. The value is not repeated here.
  if (args.some((argument) => argument === '--token' || argument.startsWith('--token='))) {
    throw new CliError(EXIT.usage, 'usage', 'A token is not taken from the command line, which others can read.', {
      advice: ['Put it into PARCELPOST_TOKEN, into a file (--token-file), or send it to --token-file -'],
    });
  }
  let given: { values: Record<string, unknown>; positionals: string[] };
  try {
    given = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type, short, multiple }]) => [
          name,
          { type, ...(short !== undefined && { short }), multiple: multiple ?? false },
        ]),
      ),
    });
  } catch (error) {
    const [first = ''] = (error as Error).message.split('. ');
    throw new CliError(EXIT.usage, 'usage', `${first.replace(/\.$/, '')}.`, { advice: hint });
  }
  const { values, positionals } = given;
  const [least, most] = spec.takes;
  if (values.help !== true && (positionals.length < least || positionals.length > most)) {
    throw new CliError(EXIT.usage, 'usage', `Usage: parcelpost ${spec.name} ${spec.operands}`, { advice: hint });
  }
  const all = (name: string) => [values[name] ?? []].flat() as string[];
  return {
    operands: positionals,
    has: (name) => values[name] === true,
    text: (name) => all(name).at(-1),
    all,
  };
}

/** An export's id, as the service gives it out. @throws {CliError} `usage` for anything else */
export function exportId(text: string | undefined): string {
  if (text !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new CliError(EXIT.usage, 'usage', 'This is not the id of an export, which looks like 0198c2d4-….', {
    advice: ['parcelpost list tells the ids of yours'],
  });
}

/** `organization/project`. @throws {CliError} `usage` for anything else */
export function projectName(text: string | undefined): { organization: string; project: string } {
  const [organization = '', project = '', ...more] = text?.split('/') ?? [];
  // A dot or two would be a step in a path, whatever is done to encode them.
  if (more.length > 0 || [organization, project].some((part) => part === '' || /^\.{1,2}$/.test(part))) {
    throw new CliError(EXIT.usage, 'usage', 'Name the project as organization/project, such as cadasta/london-2.');
  }
  return { organization, project };
}
