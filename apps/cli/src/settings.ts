/** Where the service is, and who asks: from flags, else the environment, else a file. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isObject } from '@parcelpost/shared/is-object.js';
import type { Parsed } from './arguments.js';
import { parseDuration } from './duration.js';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';
import { type Input, openToOthers, readSecret } from './secrets.js';

export interface Settings {
  /** Ends with a slash. */
  url: URL;
  token: string;
  /** Milliseconds, where it was said; else each use has a default of its own. */
  patienceMs: number | undefined;
  /** Flags to repeat in a command that is to do the same with the same service. */
  repeat: string[];
  /** What people should know of, such as a file that others can read. */
  warnings: string[];
}

interface ConfigFile {
  path: string;
  url?: string;
  token?: string;
  tokenFile?: string;
  insecureHttp?: boolean;
}

const KEYS = { url: 'string', token: 'string', tokenFile: 'string', insecureHttp: 'boolean' } as const;

/**
 * @param env the environment; empty variables count as absent
 * @throws {CliError} `usage` or `settings` where something is missing or wrong, `token-missing` without a token, `file`
 *   for one that cannot be read
 */
export async function resolveSettings(
  parsed: Parsed,
  env: Readonly<Record<string, string | undefined>>,
  input: Input,
): Promise<Settings> {
  const file = await configFile(parsed.text('config'), env);
  const named = parsed.text('url') ?? (env.PARCELPOST_URL || undefined);
  const address = named ?? file?.url;
  if (address === undefined) {
    throw new CliError(EXIT.usage, 'settings', 'No service is named.', {
      advice: ['Give --url https://…, or set PARCELPOST_URL, or "url" in ~/.config/parcelpost/config.json'],
    });
  }
  // The network to the service of the file is the one that whoever wrote the file trusts.
  const isOfFile = file?.url !== undefined && originOf(file.url) === originOf(address);
  const insecure = parsed.has('insecure-http') || (file?.insecureHttp === true && isOfFile);
  const url = serviceUrl(address, insecure);
  const warnings: string[] = [];
  const token = await tokenOf(parsed, env, input, file, warnings, () => {
    // A token is for the service beside which it was written down, and for no other.
    if (file?.url === undefined || serviceUrl(file.url, true).origin === url.origin) return;
    throw new CliError(EXIT.usage, 'settings', `The token in ${file.path} is for ${file.url}, not for ${url.origin}.`, {
      advice: ['Give the other service its own token: PARCELPOST_TOKEN or --token-file'],
    });
  });
  const patience = parsed.text('patience');
  return {
    url,
    token,
    patienceMs: patience === undefined ? undefined : parseDuration(patience, '--patience'),
    repeat: repeated(parsed),
    warnings,
  };
}

function repeated(parsed: Parsed): string[] {
  const values = (['url', 'config', 'token-file'] as const).flatMap((name) => {
    const value = parsed.text(name);
    return value === undefined || value === '-' ? [] : [`--${name}`, value];
  });
  return [...values, ...(parsed.has('insecure-http') ? ['--insecure-http'] : [])];
}

/** Undefined for what is no address. */
function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}

/**
 * The address that all paths are below. Plain http is for this machine alone, since the token goes with each request.
 * @throws {CliError} `settings`; the address is not repeated where it holds a password
 */
export function serviceUrl(text: string, insecure: boolean): URL {
  const wrong = (message: string, ...advice: string[]) => new CliError(EXIT.usage, 'settings', message, { advice });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('The address of the service cannot be read.', 'Give it whole, such as https://parcelpost.example.org');
  }
  if (url.username !== '' || url.password !== '') {
    throw wrong('The address of the service holds a user or a password.', 'Leave them out; a token says who you are.');
  }
  if (url.search !== '' || url.hash !== '' || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw wrong('The address of the service is https://host, perhaps with a port and a path, and nothing else.');
  }
  if (url.protocol === 'http:' && !insecure && !isThisMachine(url.hostname)) {
    throw wrong(
      `http://${url.host} would carry the token over the network for everybody to read.`,
      'Use https://, or say --insecure-http where you trust each part of that network.',
    );
  }
  url.pathname = url.pathname.replace(/\/*$/, '/');
  return url;
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

async function tokenOf(
  parsed: Parsed,
  env: Readonly<Record<string, string | undefined>>,
  input: Input,
  file: ConfigFile | undefined,
  warnings: string[],
  checkService: () => void,
): Promise<string> {
  const flag = parsed.text('token-file');
  if (flag !== undefined) return checked(await readSecret(flag, input, warnings), `the file of --token-file`);
  if (env.PARCELPOST_TOKEN) return checked(env.PARCELPOST_TOKEN, 'PARCELPOST_TOKEN');
  if (env.PARCELPOST_TOKEN_FILE) {
    return checked(await readSecret(env.PARCELPOST_TOKEN_FILE, input, warnings), 'the file of PARCELPOST_TOKEN_FILE');
  }
  if (file?.token !== undefined) {
    checkService();
    return checked(file.token, `/token of ${file.path}`);
  }
  if (file?.tokenFile !== undefined) {
    checkService();
    const path = resolve(dirname(file.path), file.tokenFile);
    return checked(await readSecret(path, input, warnings), `the file of /tokenFile in ${file.path}`);
  }
  throw new CliError(
    EXIT.notAllowed,
    'token-missing',
    'There is no token, so that the service cannot know who you are.',
    {
      advice: [
        'Set PARCELPOST_TOKEN, or give a file that holds it: --token-file',
        'An administrator makes one on the machine of the service: npm run -s token -- <user>',
      ],
    },
  );
}

/** A token is one word of a header. What is wrong with it is said without a character of it. */
function checked(text: string, where: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{1,8192}$/.test(token)) return token;
  throw new CliError(EXIT.usage, 'settings', `What is in ${where} is not a token: one line without blanks.`);
}

async function configFile(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ConfigFile | undefined> {
  const folder = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  const path = flag ?? join(folder, 'parcelpost', 'config.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (flag === undefined && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw new CliError(EXIT.file, 'file', `The settings in ${path} cannot be read (${code}).`);
  }
  const wrong = (message: string) => new CliError(EXIT.usage, 'settings', `${path}: ${message}`);
  let content: unknown;
  try {
    content = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    // The message of JSON.parse would quote the file, and so perhaps the token.
    throw wrong('this is not JSON.');
  }
  if (!isObject(content)) throw wrong('this is not a JSON object.');
  for (const [key, value] of Object.entries(content)) {
    const pointer = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!(key in KEYS)) throw wrong(`${pointer} is not a setting; there are ${Object.keys(KEYS).join(', ')}.`);
    const kind = KEYS[key as keyof typeof KEYS];
    if (typeof value !== kind) throw wrong(`${pointer} is to be a ${kind}.`);
  }
  if (content.token !== undefined && openToOthers(await stat(path))) {
    throw new CliError(EXIT.usage, 'settings', `${path} holds a token, and others than you may read it.`, {
      advice: [`chmod 600 ${path}`, 'If somebody may have seen it, have a new token made.'],
    });
  }
  return { path, ...content };
}
