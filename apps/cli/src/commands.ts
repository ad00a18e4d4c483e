/** The commands, and where their code is: only that of the one that runs is loaded. */
import type { CommandSpec, Options, Parsed } from './arguments.js';
import type { Context } from './context.js';

/** Runs a command; what it returns ends the process. */
export type Run = (context: Context, parsed: Parsed) => Promise<number>;

export interface Command extends CommandSpec {
  load(): Promise<Run>;
}

const OUT: Options = {
  out: {
    type: 'string',
    short: 'o',
    value: '<file>',
    help: 'where the bundle goes: a file, a folder, or - for standard output. Default: its own name, here, with the id in it where that is there already',
  },
  force: { type: 'boolean', short: 'f', help: 'replace a file that is there' },
};
const WAIT: Options = {
  wait: { type: 'boolean', short: 'w', help: 'watch it until it has come to its end; the exit code tells how' },
};
const TIMEOUT: Options = {
  timeout: { type: 'string', value: '<time>', help: 'stop watching after so long (90s, 15m, 2h); the export goes on' },
};
const API_TOKEN: Options = {
  'api-token-file': {
    type: 'string',
    value: '<file>',
    help: 'your token of the other platform that holds the project (else PARCELPOST_API_TOKEN)',
  },
};

const REQUEST: Options = {
  format: {
    type: 'string',
    multiple: true,
    value: '<list>',
    help: 'csv, fgb, geojson, geojsonl, gpkg, parquet, res (resources), shp (shapefiles), xlsx (xls); commas between them',
  },
  type: { type: 'string', value: '<type>', help: 'in place of --format: shp (CSVs and shapefiles), xls, res, all' },
  'csv-bom': { type: 'boolean', help: 'CSVs begin with a byte order mark, for Excel' },
  'csv-delimiter': { type: 'string', value: '<char>', help: 'between cells: "," ";" "|" or tab' },
  'csv-geometry': { type: 'string', value: '<kind>', help: 'geometries of the CSV: ewkt, wkt, geojson or none' },
  'csv-labels': { type: 'boolean', help: 'a second header row, of the questions of the form' },
  'csv-raw-formulas': { type: 'boolean', help: 'leave cells as they are that a spreadsheet would run' },
  'shapefile-attributes': { type: 'boolean', help: 'every attribute in the tables of the shapefiles too' },
  'include-archived': { type: 'boolean', help: 'files of archived resources too' },
  'allow-partial': { type: 'boolean', help: 'take what can be had if a part cannot (exit code 8)' },
  language: { type: 'string', value: '<tag>', help: 'language of the readmes: en, es, fr, id, pt, sw' },
  provenance: { type: 'boolean', help: 'the bundle tells who asked for it, and when' },
  'unchanged-since': {
    type: 'string',
    value: '<zip|sha256>',
    help: 'a bundle that you have: says whether the new one is the same',
  },
  'on-success': {
    type: 'string',
    multiple: true,
    value: '<call>',
    help: 'what follows once there is a bundle: a task (msg.email), JSON, or @file with JSON; may be repeated',
  },
  'on-failure': { type: 'string', multiple: true, value: '<call>', help: 'what follows once there will be none' },
  request: {
    type: 'string',
    value: '<file>',
    help: 'the whole request as JSON (- for standard input); flags go first',
  },
  key: { type: 'string', value: '<key>', help: 'Idempotency-Key: the same key is the same export, for 24 hours' },
  detach: { type: 'boolean', short: 'd', help: 'only ask; print the id' },
  'no-download': { type: 'boolean', help: 'watch it, but leave the bundle where it is' },
};

export const COMMANDS: readonly Command[] = [
  {
    name: 'export',
    operands: '<organization/project> (--format <list> | --type <type>) [options]',
    takes: [1, 1],
    summary: 'ask for an export, watch it, and fetch its bundle',
    options: { ...REQUEST, ...API_TOKEN, ...OUT, ...TIMEOUT },
    notes: [
      'Prints where the bundle was written to. Ctrl-C leaves the export running and says how to find it again.',
      '',
      'Examples:',
      '  parcelpost export cadasta/london-2 --format shp,gpkg --out london.zip',
      '  parcelpost export cadasta/london-2 --type all --on-success msg.email --detach',
      `  parcelpost export cadasta/london-2 --type shp --on-success '{"task":"webhook.post","args":{"url":"https://…"}}'`,
    ],
    load: async () => (await import('./commands/export.js')).runExport,
  },
  {
    name: 'list',
    operands: '[<organization/project>]',
    takes: [0, 1],
    summary: 'recent exports: yours, or those of a project',
    options: { limit: { type: 'string', value: '<n>', help: 'how many at most, 1 to 200 (default 20)' } },
    load: async () => (await import('./commands/list.js')).runList,
  },
  {
    name: 'status',
    operands: '<id>',
    takes: [1, 1],
    summary: 'tell of one export; with --wait, watch it',
    options: { ...WAIT, ...TIMEOUT },
    load: async () => (await import('./commands/status.js')).runStatus,
  },
  {
    name: 'cancel',
    operands: '<id>',
    takes: [1, 1],
    summary: 'stop an export',
    options: { ...WAIT, ...TIMEOUT },
    load: async () => (await import('./commands/cancel.js')).runCancel,
  },
  {
    name: 'retry',
    operands: '<id>',
    takes: [1, 1],
    summary: 'try a failed, cancelled or partial export again; with --wait watch it, with --out fetch its bundle too',
    options: { ...WAIT, ...API_TOKEN, ...OUT, ...TIMEOUT },
    load: async () => (await import('./commands/retry.js')).runRetry,
  },
  {
    name: 'download',
    operands: '<id>',
    takes: [1, 1],
    summary: 'fetch the bundle of an export',
    options: { ...OUT },
    notes: [
      'What arrives is kept in <file>.<first 8 characters of the id>.part until it is whole and its SHA-256, read from the',
      'disk, is that which the service tells. A broken connection is taken up again where it broke, at once, and by a',
      'second run of the same command. One command at a time writes to it: beside it lies <part>.lock while it does.',
      'Where the name of the bundle is there already and you have named no other, the id comes into it: <name>-<id>.zip.',
    ],
    load: async () => (await import('./commands/download.js')).runDownload,
  },
  {
    name: 'verify',
    operands: '<bundle.zip> …',
    takes: [1, Number.POSITIVE_INFINITY],
    summary: 're-open every file of bundles on this machine, and tell what is wrong with them',
    options: {},
    notes: ['Needs no service and no token.'],
    load: async () => (await import('./commands/verify.js')).runVerify,
  },
];
