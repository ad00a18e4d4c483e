/** The command line against a producer: downloads that break, requests whose answer is lost, and what people are told. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { projectOwner } from '@parcelpost/shared/files/owner.js';
import { mintAuthToken } from '@parcelpost/shared/tokens/auth-token.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Interrupted } from '../../apps/cli/src/errors.js';
import { type BreakingProxy, startBreakingProxy } from '../support/breaking-proxy.js';
import { cli } from '../support/cli.js';
import { AUTH_SECRET, startProducer, type TestProducer } from '../support/producer.js';

const bytes = randomBytes(1_000_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const HALF = bytes.length / 2;
/** What has come and not yet been read goes with a connection that breaks. */
const UNREAD = 200_000;

let producer: TestProducer;
let proxy: BreakingProxy;
let token: string;
let folder: string;

beforeAll(async () => {
  producer = await startProducer();
  token = mintAuthToken(producer.users.ana, [AUTH_SECRET]);
  proxy = await startBreakingProxy({ host: '127.0.0.1', port: producer.port });
});
afterAll(async () => {
  proxy.close();
  await producer.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const env = () => ({ PARCELPOST_URL: proxy.url, PARCELPOST_TOKEN: token, HOME: folder });
const run = (...args: string[]) => cli(args, { env: env() });
const out = () => join(folder, 'bundle.zip');
const part = (id: string) => `${out()}.${id.slice(0, 8)}.part`;
const ask = async (...args: string[]) =>
  (await run('export', 'cadasta/london-2', '--type', 'shp', '--detach', '--key', randomUUID(), ...args)).text.trim();
let asked = 0;
/** An export of its own: an identical one would be joined. */
const requested = () => ask('--on-failure', JSON.stringify({ task: 'log.info', args: { message: `${++asked}` } }));

let plain: Promise<string> | undefined;
/** An export with a bundle, the same for all that do not change it. */
const finished = (options?: Parameters<typeof finish>[0]): Promise<string> => {
  if (options) return finish(options);
  plain ??= finish();
  return plain;
};

async function finish(options: { hash?: string; name?: string; expiresAt?: Date } = {}): Promise<string> {
  const { hash = sha256, name = 'london.zip', expiresAt = new Date(Date.now() + 3_600_000) } = options;
  const id = await requested();
  const storageKey = `cadasta/london-2/${id}/bundle-1/bundle.zip`;
  await producer.storage.put(storageKey, bytes);
  const file = { exportId: id, generation: 1, name, storageKey, mediaType: 'application/zip', bytes: bytes.length };
  const contents = [{ name: 'parties.csv', rows: 3, bytes: 10, sha256 }];
  await new FileService(producer.db).insert(
    producer.db,
    { ...file, sha256: hash, contents, expiresAt },
    projectOwner({ organization: 'cadasta', project: 'london-2' }),
  );
  await decide(id, 'completed', { expires_at: expiresAt });
  return id;
}

const decide = (id: string, outcome: string, more: object = {}) =>
  producer
    .db('exports')
    .where({ id })
    .update({ outcome, phase: 'decided', decided_at: new Date(), sealed_token: null, ...more });

const documents = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a download', () => {
  it('whose connection is cut at 50 % goes on from there with Range and If-Range, and passes its checksum', async () => {
    const id = await finished();
    const before = proxy.returned();
    proxy.breakAfter(HALF);
    const { code, text, stderr } = await run('download', id, '--out', out());
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/The connection broke after ([34]\d\d|500) kB; going on from there\./),
    ]);
    expect(text).toBe(`${out()}\n`);
    expect(readFileSync(out()).equals(bytes)).toBe(true);
    expect(existsSync(part(id))).toBe(false);
    const [, from = ''] = /\r\nrange: bytes=(\d+)-\r\n/.exec(proxy.sent()) ?? [];
    expect(Number(from)).toBeGreaterThan(HALF - UNREAD);
    expect(proxy.sent()).toContain(`if-range: "${sha256}"`);
    // Nothing came twice.
    expect(proxy.returned() - before).toBeLessThan(bytes.length + 100_000);
  });

  it('that is given up at 50 % leaves what arrived, and a second run goes on from there', async () => {
    const id = await finished();
    proxy.breakAfter(HALF);
    const first = await run('download', id, '--out', out(), '--patience', '0');
    expect([first.code, existsSync(out())]).toEqual([4, false]);
    expect(first.stderr).toContain(`parcelpost download ${id} --out ${out()}`);
    const kept = statSync(part(id)).size;
    expect(kept).toBeGreaterThan(HALF - UNREAD);
    const before = proxy.returned();
    const second = await run('download', id, '--out', out());
    expect([second.code, second.stderr]).toEqual([
      0,
      expect.stringMatching(/Going on after the ([34]\d\d|500) kB that are there\./),
    ]);
    expect(proxy.returned() - before).toBeLessThan(bytes.length - kept + 100_000);
    expect(readFileSync(out()).equals(bytes)).toBe(true);
  });

  it('that somebody interrupts keeps what arrived, and says how to go on', async () => {
    const id = await finished();
    const interruption = new AbortController();
    const { code, stderr } = await cli(['download', id, '--out', out()], {
      env: env(),
      signal: interruption.signal,
      onStderr: (text) => /downloading [2-9]\d %/.test(text) && interruption.abort(new Interrupted('SIGTERM')),
    });
    expect([code, existsSync(out())]).toEqual([143, false]);
    expect(stderr).toMatch(
      new RegExp(`Interrupted. What arrived is in ${part(id)}; .*\n  parcelpost download ${id} --out ${out()}\n$`),
    );
    expect(statSync(part(id)).size).toBeGreaterThan(bytes.length / 5);
    expect((await run('download', id, '--out', out())).code).toBe(0);
  });

  it('does not mix a bundle with what another one has left', async () => {
    const id = await finished();
    writeFileSync(part(id), randomBytes(HALF));
    const { code, stderr } = await run('download', id, '--out', out());
    expect([code, stderr]).toEqual([0, expect.stringContaining('of another bundle: beginning anew')]);
    expect(readFileSync(out()).equals(bytes)).toBe(true);
    writeFileSync(part(id), randomBytes(bytes.length + 1));
    expect((await run('download', id, '--out', out(), '--force')).code).toBe(0);
    expect(readFileSync(out()).equals(bytes)).toBe(true);
  });

  it('that is not what the service says is thrown away', async () => {
    const id = await finished({ hash: 'a'.repeat(64) });
    const { code, stderr } = await run('download', id, '--out', out());
    expect([code, stderr]).toEqual([6, expect.stringContaining('its SHA-256 is another one')]);
    expect([existsSync(out()), existsSync(part(id))]).toEqual([false, false]);
  });

  it('replaces no file unless it is told to', async () => {
    const id = await finished();
    writeFileSync(out(), 'mine');
    const refused = await run('download', id, '--out', out());
    expect([refused.code, readFileSync(out(), 'utf8')]).toEqual([7, 'mine']);
    expect(refused.stderr).toContain('--force');
    expect((await run('download', id, '--out', out(), '--force')).code).toBe(0);
    expect(readFileSync(out()).equals(bytes)).toBe(true);
  });

  it('follows no link that lies where it would write', async () => {
    const id = await finished();
    writeFileSync(join(folder, 'theirs'), 'theirs');
    symlinkSync(join(folder, 'theirs'), part(id));
    expect((await run('download', id, '--out', out())).code).toBe(7);
    expect(readFileSync(join(folder, 'theirs'), 'utf8')).toBe('theirs');
  });

  it('into a folder has the name of the bundle, and never leaves the folder', async () => {
    mkdirSync(join(folder, 'in'));
    const id = await finished({ name: '../../über "x".zip' });
    const { code, text } = await run('download', id, '--out', join(folder, 'in'));
    expect([code, text]).toEqual([0, `${join(folder, 'in', 'über _x_.zip')}\n`]);
    // The name is not of somebody's choice: another bundle under it is no reason to refuse.
    const again = await run('download', id, '--out', join(folder, 'in'));
    const own = join(folder, 'in', `über _x_-${id.slice(0, 8)}.zip`);
    expect([again.code, again.text, again.stderr]).toEqual([
      0,
      `${own}\n`,
      expect.stringContaining('is there already'),
    ]);
    expect((await run('download', id, '--out', join(folder, 'in'))).code).toBe(7);
  });

  it('to standard output writes the bundle and nothing else, however often it breaks', async () => {
    const id = await finished();
    proxy.breakAfter(HALF);
    const { code, stdout } = await run('download', id, '--out', '-');
    expect([code, stdout.equals(bytes)]).toEqual([0, true]);
  });

  it.each<[string, number, (id: string) => Promise<unknown>]>([
    ['has not come to its end', 5, async () => {}],
    [
      'is failed: It broke.',
      5,
      (id) =>
        decide(id, 'failed', {
          error: JSON.stringify({ code: 'x', message: 'It broke.', step: null, shard: null, attempts: 1 }),
        }),
    ],
    ['have expired', 5, (id) => decide(id, 'completed', { expires_at: new Date(0) })],
  ])('of an export without a bundle says why: %s', async (words, expected, prepare) => {
    const id = await requested();
    await prepare(id);
    const { code, stderr } = await run('download', id, '--out', out());
    expect([code, stderr]).toEqual([expected, expect.stringContaining(words)]);
  });
});

describe('a request', () => {
  it('whose answer is lost is repeated with its key, and makes one export', async () => {
    const before = proxy.sent().length;
    proxy.breakAfter(1);
    const { code, text } = await run('export', 'cadasta/london-2', '--format', 'gpkg,csv', '--detach');
    expect(code).toBe(0);
    const keys =
      proxy
        .sent()
        .slice(before)
        .match(/idempotency-key: .*/g) ?? [];
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    const rows = await producer.db('exports').whereRaw(`options -> 'formats' = '["csv","gpkg"]'`);
    expect(rows.map(({ id }) => id)).toEqual([text.trim()]);
  });

  it('takes short names of formats, options, and calls of what follows', async () => {
    const { code, text } = await run(
      ...[
        'export',
        'cadasta/london-2',
        '--format',
        'shp,xls',
        '--format',
        'csv',
        '--csv-delimiter',
        'tab',
        '--csv-labels',
      ],
      ...['--csv-raw-formulas', '--shapefile-attributes', '--allow-partial', '--language', 'sw', '--detach', '--json'],
      ...['--on-success', 'msg.email', '--on-success', '[{"task":"log.info","args":{"message":"a"}}]'],
    );
    const [event, ...more] = documents(text);
    expect([code, more]).toEqual([0, []]);
    const { id } = event.export;
    const row = await producer.db('exports').where({ id }).first();
    expect(row.options).toMatchObject({
      formats: ['csv', 'shapefiles', 'xlsx'],
      csv: { delimiter: '\t', labels: true, escapeFormulas: false, bom: false },
      shapefileAttributes: true,
      allowPartial: true,
      language: 'sw',
    });
    expect(row.on_success.map((call: { task: string }) => call.task)).toEqual(['msg.email', 'log.info']);
  });

  it('that is wrong is refused by the name of the flag, the field, and what may stand there', async () => {
    const { code, stderr } = await run(
      'export',
      'cadasta/london-2',
      '--format',
      'csv,dxf',
      '--language',
      '!',
      '--out',
      out(),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/^parcelpost: The request is not valid\.\n/);
    expect(stderr).toMatch(/--format \(\/formats\/1\): .*geojsonl/);
    expect(stderr).toMatch(/--language \(\/language\): .*BCP 47/);
  });

  it('that is the same as one of yours that runs joins it', async () => {
    const first = await run('export', 'cadasta/open', '--type', 'res', '--detach');
    const second = await run('export', 'cadasta/open', '--type', 'res', '--detach');
    expect([second.code, second.text]).toEqual([0, first.text]);
    expect(second.stderr).toContain('running already');
  });

  it('for another try begins one, though its answer is lost', async () => {
    const id = await requested();
    await decide(id, 'failed', {
      error: JSON.stringify({ code: 'x', message: 'm', step: null, shard: null, attempts: 1 }),
    });
    const { text } = await run('status', id, '--json');
    // The state comes back whole; the answer to the request does not.
    const ofState = proxy.returned();
    await run('status', id, '--json');
    proxy.breakAfter(proxy.returned() - ofState + 1);
    const { code, stderr } = await run('retry', id);
    expect([JSON.parse(text).generation, code, stderr]).toEqual([1, 0, expect.stringContaining('for the second time')]);
    expect((await producer.db('exports').where({ id }).first()).generation).toBe(2);
  });
});

describe('what people are told', () => {
  it('of their exports is a table, or a document each', async () => {
    const id = await finished();
    const table = await run('list', 'cadasta/london-2', '--limit', '200');
    expect(table.text.split('\n')[0]).toMatch(/^ID +STATE +PROJECT +ASKED +SIZE +BY$/);
    expect(table.text).toMatch(new RegExp(`^${id}  completed  cadasta/london-2  .*1 MB  Ana Álvarez$`, 'm'));
    const listed = documents((await run('list', '--json')).text);
    expect(listed.length).toBeGreaterThan(2);
    expect(listed.map((each) => each.id)).toContain(id);
  });

  it('of one export is in words, without what would move the cursor', async () => {
    const id = await finished({ name: 'a\u001b[2Jb.zip' });
    const { code, text } = await run('status', id);
    expect(code).toBe(0);
    expect(text).toContain(`export     ${id}`);
    expect(text).toContain(`sha256     ${sha256}`);
    expect(text).not.toContain('\u001b');
  });

  it('on a terminal is a bar that fits it, and goes when it is done', async () => {
    const id = await finished();
    for (const columns of [200, 60, 24, 6]) {
      const { stderr } = await cli(['download', id, '--out', out(), '--force'], { env: env(), columns });
      const drawn = stderr.split('\r\u001b[K');
      expect(drawn.some((line) => line.includes('%'))).toBe(true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
      const widths = drawn.filter((line) => line.includes('%')).map((line) => line.replace(/\u001b\[\d+m/g, '').length);
      expect(Math.max(...widths)).toBeLessThan(columns);
      expect(stderr.slice(stderr.lastIndexOf('\r\u001b[K'))).not.toContain('%');
    }
  });

  it('by --json is one document per line, also of an error', async () => {
    const id = await finished();
    const done = await run('download', id, '--out', out(), '--json');
    const events = documents(done.text);
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(events.at(-1)).toEqual({ event: 'saved', id, file: out(), bytes: bytes.length, sha256 });
    expect(events.slice(0, -1).every(({ event }) => event === 'download')).toBe(true);
    const wrong = await run('download', randomUUID(), '--out', out(), '--force', '--json');
    expect([wrong.code, wrong.stderr]).toEqual([5, '']);
    expect(documents(wrong.text)).toMatchObject([
      { event: 'error', exitCode: 5, code: 'export-not-found', status: 404 },
    ]);
  });

  it('never holds the token', async () => {
    const id = await finished();
    const ends = [
      await run('status', id),
      await run('export', 'cadasta/london-2', '--format', 'csv', '--language', token.slice(0, 30), '--detach'),
      await cli(['status', id], { env: { ...env(), PARCELPOST_TOKEN: `${token}x` } }),
      await run('list', '--token', token),
    ];
    for (const { text, stderr } of ends) expect(text + stderr).not.toContain(token);
    expect(ends.map(({ code }) => code)).toEqual([0, 2, 3, 2]);
  });
});

describe('the exit code tells', () => {
  it.each<[string, number, string[], Record<string, string>]>([
    ['a command that there is not', 2, ['expotr'], {}],
    ['an option that there is not', 2, ['list', '--al'], {}],
    ['an id that is none', 2, ['status', '../../metrics'], {}],
    ['a project that is none', 2, ['export', 'cadasta/..', '--type', 'shp'], {}],
    ['nothing that is wanted', 2, ['export', 'cadasta/london-2'], {}],
    ['no token', 3, ['list'], { PARCELPOST_TOKEN: '' }],
    ['a token that is none', 3, ['list'], { PARCELPOST_TOKEN: 'abc' }],
    ['a token of two lines', 2, ['list'], { PARCELPOST_TOKEN: 'abc\ndef' }],
    ['a project that is not there', 5, ['export', 'cadasta/none', '--type', 'shp', '--detach'], {}],
    ['a service that is not there', 4, ['list', '--patience', '0'], { PARCELPOST_URL: 'http://127.0.0.1:9' }],
    ['http to another machine', 2, ['list'], { PARCELPOST_URL: 'http://parcelpost.example.org' }],
    ['a password in the address', 2, ['list'], { PARCELPOST_URL: 'https://a:b@parcelpost.example.org' }],
    [
      'a folder that is not there',
      7,
      ['export', 'cadasta/london-2', '--type', 'shp', '--out', '/nowhere/at/all.zip'],
      {},
    ],
  ])('%s: %i', async (_, code, args, more) => {
    const end = await cli(args, { env: { ...env(), ...more } });
    expect([end.code, end.stderr]).toEqual([code, expect.stringMatching(/^parcelpost: \S.*\.\n/)]);
  });

  it('what somebody may not do: 3', async () => {
    const theirs = mintAuthToken(producer.users.eve, [AUTH_SECRET]);
    const eve = { ...env(), PARCELPOST_TOKEN: theirs };
    const args = ['export', 'cadasta/open', '--type', 'shp', '--detach'];
    expect((await cli(args, { env: eve })).code).toBe(3);
  });

  it('a cancelled export to whoever waits for it: 1', async () => {
    const id = await requested();
    const cancelled = await run('cancel', id);
    expect([cancelled.code, cancelled.stderr]).toEqual([0, `Export ${id} is being cancelled.\n`]);
    await decide(id, 'cancelled', {
      error: JSON.stringify({ code: 'cancelled', message: 'm', step: null, shard: null, attempts: 1 }),
    });
    expect((await run('status', id, '--wait')).code).toBe(1);
  });

  it('that it took longer than --timeout: 4, and how to go on', async () => {
    const id = await requested();
    const { code, stderr } = await run('status', id, '--wait', '--timeout', '200ms');
    expect([code, stderr]).toEqual([4, expect.stringContaining(`parcelpost status ${id} --wait`)]);
  });
});

describe('the file of settings', () => {
  const write = (content: object, mode = 0o600) => {
    mkdirSync(join(folder, '.config/parcelpost'), { recursive: true });
    const path = join(folder, '.config/parcelpost/config.json');
    writeFileSync(path, JSON.stringify(content));
    chmodSync(path, mode);
    return path;
  };
  const home = () => ({ HOME: folder });

  it('is taken where no flag and no variable says otherwise', async () => {
    write({ url: proxy.url, token });
    expect((await cli(['list'], { env: home() })).code).toBe(0);
    expect((await cli(['list'], { env: { ...home(), PARCELPOST_TOKEN: 'abc' } })).code).toBe(3);
    const flag = ['list', '--patience', '0', '--url'];
    expect((await cli([...flag, proxy.url], { env: { ...home(), PARCELPOST_URL: 'http://127.0.0.1:9' } })).code).toBe(
      0,
    );
  });

  it('is refused with a token in it that others may read', async () => {
    const path = write({ url: proxy.url, token }, 0o644);
    const { code, stderr } = await cli(['list'], { env: home() });
    expect([code, stderr]).toEqual([2, expect.stringContaining(`chmod 600 ${path}`)]);
  });

  it('gives its token to no other service than its own', async () => {
    write({ url: 'https://parcelpost.example.org', token });
    const { code, stderr } = await cli(['list', '--url', proxy.url], { env: home() });
    expect([code, stderr]).toEqual([2, expect.stringContaining('is for https://parcelpost.example.org')]);
  });

  it('allows http over a network to its own service, and to no other', async () => {
    write({ url: 'http://parcelpost.invalid', insecureHttp: true });
    const list = (url?: string) =>
      cli(['list', '--patience', '0', ...(url ? ['--url', url] : [])], { env: { ...home(), PARCELPOST_TOKEN: token } });
    expect((await list()).code).toBe(4);
    for (const url of ['http://parcelpost.example.org', 'http://parcelpost.invalid:8080']) {
      const { code, stderr } = await list(url);
      expect([code, stderr]).toEqual([2, expect.stringContaining('would carry the token over the network')]);
    }
  });

  it('that is wrong is told by the place in it', async () => {
    write({ url: proxy.url, tokn: 'x' });
    expect((await cli(['list'], { env: home() })).stderr).toContain('/tokn is not a setting');
  });

  it('is not needed where a token comes from a file or from standard input', async () => {
    const service = { ...home(), PARCELPOST_URL: proxy.url };
    writeFileSync(join(folder, 'token'), `${token}\n`, { mode: 0o600 });
    expect((await cli(['list', '--token-file', join(folder, 'token')], { env: service })).code).toBe(0);
    expect((await cli(['list', '--token-file', '-'], { env: service, stdin: `${token}\n` })).code).toBe(0);
  });
});
