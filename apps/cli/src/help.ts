/** The texts of `--help`, made from the tables of commands and options. */
import { COMMON, type CommandSpec, type Options } from './arguments.js';
import { COMMANDS } from './commands.js';
import { EXIT_TEXTS } from './exit-codes.js';

const WIDTH = 100;

const SETTINGS = [
  'Settings, the first that is given: a flag, the environment, the file of settings.',
  '  --url         PARCELPOST_URL         "url"        address of the service; https://, or http:// on this machine',
  '                PARCELPOST_TOKEN       "token"      who you are; never on the command line',
  '  --token-file  PARCELPOST_TOKEN_FILE  "tokenFile"  a file that holds it',
  '  --insecure-http                      "insecureHttp": true, for the "url" beside it alone',
  'The file is ~/.config/parcelpost/config.json (or below XDG_CONFIG_HOME). With a token in it only you may read it: chmod 600.',
];

export function overview(): string {
  return [
    'Usage: parcelpost <command> [options]',
    '',
    'Asks a Parcelpost service for exports of land-tenure projects, watches them and fetches the bundles.',
    '',
    'Commands:',
    ...table(COMMANDS.map(({ name, summary }) => [name, summary])),
    '',
    '  parcelpost <command> --help tells what a command takes; parcelpost --version the version.',
    '',
    'Options of all commands:',
    ...optionTable(COMMON),
    '',
    ...SETTINGS,
    '',
    'Exit codes:',
    ...table(EXIT_TEXTS.map(([code, text]) => [String(code), text])),
    '',
    'NO_COLOR leaves colours away. Errors and progress are on standard error, results on standard output.',
    '',
  ].join('\n');
}

export function helpOf(command: CommandSpec): string {
  const { name, operands, summary, options, notes = [] } = command;
  return [
    `Usage: parcelpost ${name} ${operands}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    '',
    ...(Object.keys(options).length > 0 ? ['Options:', ...optionTable(options), ''] : []),
    'Options of all commands:',
    ...optionTable(COMMON),
    '',
    ...(notes.length > 0 ? [...notes, ''] : []),
    'Exit codes and settings: parcelpost --help',
    '',
  ].join('\n');
}

function optionTable(options: Options): string[] {
  return table(
    Object.entries(options).map(([name, { short, value, help }]) => [
      `${short === undefined ? '   ' : `-${short},`} --${name}${value === undefined ? '' : ` ${value}`}`,
      help,
    ]),
  );
}

/** Two columns; the second one is broken into lines. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.max(...rows.map(([first]) => first.length)) + 4;
  return rows.flatMap(([first, second]) =>
    broken(second, WIDTH - left).map((line, i) => `${(i === 0 ? `  ${first}` : '').padEnd(left)}${line}`),
  );
}

function broken(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
