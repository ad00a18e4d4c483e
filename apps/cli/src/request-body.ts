/** What is asked for: flags, and a file of the whole request, made into the body of `POST …/exports`. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { FieldError } from '@parcelpost/shared/errors.js';
import { isObject } from '@parcelpost/shared/is-object.js';
import type { Parsed } from './arguments.js';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';
import type { Input } from './secrets.js';

/** Short names of formats; any other goes to the service as it is, which knows them. */
const FORMATS: Record<string, string> = { shp: 'shapefiles', xls: 'xlsx', res: 'resources' };

/** The flag of a field, by its JSON Pointer, so that what is wrong is told in the words that were used. */
const FLAGS: readonly [pointer: RegExp, flag: string][] = [
  [/^\/formats(\/|$)/, '--format'],
  [/^\/outputType$/, '--type'],
  [/^\/csv\/bom$/, '--csv-bom'],
  [/^\/csv\/delimiter$/, '--csv-delimiter'],
  [/^\/csv\/geometry$/, '--csv-geometry'],
  [/^\/csv\/labels$/, '--csv-labels'],
  [/^\/csv\/escapeFormulas$/, '--csv-raw-formulas'],
  [/^\/shapefileAttributes$/, '--shapefile-attributes'],
  [/^\/includeArchived$/, '--include-archived'],
  [/^\/allowPartial$/, '--allow-partial'],
  [/^\/language$/, '--language'],
  [/^\/provenance$/, '--provenance'],
  [/^\/unchangedSince$/, '--unchanged-since'],
  [/^\/onSuccess(\/|$)/, '--on-success'],
  [/^\/onFailure(\/|$)/, '--on-failure'],
  [/^\/apiToken$/, '--api-token-file'],
];

/** Fields as the service names them, each with the flag that it came from. */
export function withFlags(fields: readonly FieldError[]): FieldError[] {
  return fields.map(({ pointer, detail }) => {
    const flag = FLAGS.find(([known]) => known.test(pointer))?.[1];
    return { pointer: flag === undefined ? pointer : `${flag} (${pointer})`, detail };
  });
}

/**
 * The body of the request. Only what was asked for is in it, so that the service's own defaults hold.
 * @throws {CliError} `usage` for what cannot be a request, `file` for a file that cannot be read
 */
export async function requestBody(parsed: Parsed, input: Input): Promise<Record<string, unknown>> {
  const request = parsed.text('request');
  const body = request === undefined ? {} : await requestFile(request, input);
  const formats = parsed.all('format').flatMap((list) => list.split(','));
  const type = parsed.text('type');
  if (formats.length > 0 && type !== undefined) throw usage('Give --format or --type, not both.');
  if (formats.length > 0) {
    delete body.outputType;
    body.formats = [...new Set(formats.map((name) => name.trim()).map((name) => FORMATS[name] ?? name))];
  }
  if (type !== undefined) {
    delete body.formats;
    body.outputType = type;
  }
  if (body.formats === undefined && body.outputType === undefined) {
    throw usage('Say what you want: --format with a list such as shp,gpkg, or --type shp, xls, res or all.');
  }
  const csv = csvOptions(parsed);
  if (Object.keys(csv).length > 0) body.csv = { ...(isObject(body.csv) ? body.csv : {}), ...csv };
  for (const [flag, field] of [
    ['shapefile-attributes', 'shapefileAttributes'],
    ['include-archived', 'includeArchived'],
    ['allow-partial', 'allowPartial'],
    ['provenance', 'provenance'],
  ] as const) {
    if (parsed.has(flag)) body[field] = true;
  }
  const language = parsed.text('language');
  if (language !== undefined) body.language = language;
  const known = parsed.text('unchanged-since');
  if (known !== undefined) body.unchangedSince = await checksumOf(known);
  for (const [flag, field] of [
    ['on-success', 'onSuccess'],
    ['on-failure', 'onFailure'],
  ] as const) {
    const calls = (await Promise.all(parsed.all(flag).map((text) => signatures(text, flag)))).flat();
    if (calls.length > 0) body[field] = calls;
  }
  return body;
}

function csvOptions(parsed: Parsed): Record<string, unknown> {
  const delimiter = parsed.text('csv-delimiter');
  const geometry = parsed.text('csv-geometry');
  return {
    ...(parsed.has('csv-bom') && { bom: true }),
    ...(parsed.has('csv-labels') && { labels: true }),
    ...(parsed.has('csv-raw-formulas') && { escapeFormulas: false }),
    // A tab is hard to type.
    ...(delimiter !== undefined && { delimiter: /^(tab|\\t)$/i.test(delimiter) ? '\t' : delimiter }),
    ...(geometry !== undefined && { geometry }),
  };
}

/** A task's name, JSON, or `@file` with JSON; a list is as many calls. */
async function signatures(text: string, flag: string): Promise<unknown[]> {
  const source = text.startsWith('@') ? await fileText(text.slice(1)) : text;
  if (/^\s*[[{]/.test(source)) {
    try {
      return [JSON.parse(source)].flat();
    } catch (error) {
      throw usage(`--${flag} is not valid JSON: ${(error as Error).message}`);
    }
  }
  if (!/^[a-z][\w-]*(\.[\w-]+)+$/i.test(source.trim())) {
    throw usage(`--${flag} takes a task such as msg.email, a call in JSON such as {"task":"msg.email"}, or @file.`);
  }
  return [{ task: source.trim() }];
}

/** A checksum as it is; else that of the file of this name. */
async function checksumOf(text: string): Promise<string> {
  if (/^(?:W\/)?"?[0-9a-f]{64}"?$/.test(text)) return text;
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(text)) hash.update(chunk as Buffer);
  } catch (error) {
    throw unreadable(text, error);
  }
  return hash.digest('hex');
}

async function requestFile(path: string, input: Input): Promise<Record<string, unknown>> {
  let text = '';
  if (path === '-') for await (const chunk of input) text += chunk;
  else text = await fileText(path);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    // The message would quote the text, in which an apiToken may stand.
    throw usage(
      `The request in ${path} is not valid JSON${/ at position \d+/.exec((error as Error).message)?.[0] ?? ''}.`,
    );
  }
  if (!isObject(content)) throw usage(`The request in ${path} is not a JSON object.`);
  return { ...content };
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): CliError {
  return new CliError(EXIT.file, 'file', `${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
}

function usage(message: string): CliError {
  return new CliError(EXIT.usage, 'usage', message, { advice: ['parcelpost export --help'] });
}
