import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseCommand } from './arguments.js';
import { COMMANDS, type Command } from './commands.js';
import { requestBody, withFlags } from './request-body.js';

const folder = mkdtempSync(join(tmpdir(), 'parcelpost-request-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const command = COMMANDS.find(({ name }) => name === 'export') as Command;
async function* input(text = '') {
  yield text;
}
const body = (args: string[], stdin = '') => requestBody(parseCommand(command, ['a/b', ...args]), input(stdin));

it('holds what was asked for and nothing else, so that the defaults are the service’s', async () => {
  expect(await body(['--format', 'shp, gpkg,shp', '--format', 'res'])).toEqual({
    formats: ['shapefiles', 'gpkg', 'resources'],
  });
  expect(await body(['--type', 'all'])).toEqual({ outputType: 'all' });
  expect(await body(['--format', 'newer'])).toEqual({ formats: ['newer'] });
});

it('takes the whole request from a file or standard input, and flags before it', async () => {
  const request = { outputType: 'shp', csv: { bom: true }, onSuccess: [{ task: 'log.info' }] };
  writeFileSync(join(folder, 'request.json'), JSON.stringify(request));
  expect(await body(['--request', join(folder, 'request.json')])).toEqual(request);
  expect(await body(['--request', '-', '--format', 'csv', '--csv-labels'], JSON.stringify(request))).toEqual({
    formats: ['csv'],
    csv: { bom: true, labels: true },
    onSuccess: [{ task: 'log.info' }],
  });
});

it('reads calls as names, as JSON, and from files', async () => {
  writeFileSync(join(folder, 'calls.json'), '[{"task":"a.b"},{"task":"c.d"}]');
  const { onFailure } = await body([
    '--type',
    'shp',
    '--on-failure',
    'msg.email',
    '--on-failure',
    `@${join(folder, 'calls.json')}`,
    '--on-failure',
    '{"chain":[]}',
  ]);
  expect(onFailure).toEqual([{ task: 'msg.email' }, { task: 'a.b' }, { task: 'c.d' }, { chain: [] }]);
});

it('knows a bundle by its file', async () => {
  writeFileSync(join(folder, 'old.zip'), 'abc');
  const { unchangedSince } = await body(['--type', 'shp', '--unchanged-since', join(folder, 'old.zip')]);
  expect(unchangedSince).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

it.each([
  [['--format', 'csv', '--type', 'shp'], /not both/],
  [[], /Say what you want/],
  [['--type', 'shp', '--on-success', '{"task":'], /--on-success is not valid JSON/],
  [['--type', 'shp', '--on-success', 'mail me'], /--on-success takes a task/],
  [['--type', 'shp', '--unchanged-since', '/nowhere/old.zip'], /cannot be read \(ENOENT\)/],
])('refuses %j', async (args, words) => {
  await expect(body(args)).rejects.toThrow(words);
});

it('does not repeat a request that is no JSON, for a token may stand in it', async () => {
  await expect(body(['--request', '-'], '{"apiToken": s3cret}')).rejects.toThrow(/^(?!.*s3cret).*is not valid JSON/);
});

it('names the flag of a field that the service refuses', () => {
  expect(
    withFlags([
      { pointer: '/onSuccess/0/args/to', detail: 'x' },
      { pointer: '/other', detail: 'y' },
    ]),
  ).toEqual([
    { pointer: '--on-success (/onSuccess/0/args/to)', detail: 'x' },
    { pointer: '/other', detail: 'y' },
  ]);
});
