/** The built command line beside a producer, a worker and another platform: from the request to a bundle that verifies. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliProcess, startCli } from '../support/cli.js';
import { API_TOKEN, type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';
import { type AppProcess, startProcess } from '../support/processes.js';

const ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
/** A page that waits for us, so that the export is under way as long as a test wants it to be. */
const HELD = '/projects/held/parties/.*offset=50$';

let stack: PlatformStack;
/** The producer that took the place of the first one, on the same port. */
let again: AppProcess | undefined;
let folder: string;
let env: Record<string, string | undefined>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-cli-'));
  stack = await startPlatformStack({ parcels: 300 }, { engine: 'postgres', workerEnv: { PAGE_SIZE: '50' } });
  env = {
    HOME: folder,
    PARCELPOST_URL: stack.producer.url,
    PARCELPOST_TOKEN: stack.api.token,
    PARCELPOST_API_TOKEN: API_TOKEN,
  };
});
afterAll(async () => {
  await again?.kill();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => startCli(args, env);
const documents = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Starts a command that watches an export, which a page of the platform keeps from its end. */
async function watching(
  args: string[],
  program?: (words: string[]) => string[],
): Promise<{ process: CliProcess; id: string }> {
  await stack.platform.forget();
  await stack.platform.configure({ faults: [{ match: HELD, break: 'hold' }] });
  const process = startCli(['export', 'faraway/held', '--format', 'csv', ...args], env, program);
  await stack.platform.waitForRequests(HELD, 1);
  const id = await until('it tells the id', async () => ID.exec(process.stderr() + process.stdout())?.[0]);
  return { process, id };
}

describe('parcelpost export', () => {
  it('asks, watches, fetches, and the bundle is whole', async () => {
    const out = join(folder, 'all.zip');
    const { code, text, stderr } = await run('export', 'faraway/one', '--format', 'shp,gpkg', '--out', out).ended;
    expect([code, text], stderr).toEqual([0, `${out}\n`]);
    expect(stderr).toMatch(/^Asked: export /);
    expect(stderr).not.toContain('\r');
    execFileSync('unzip', ['-tq', out]);
    const names = execFileSync('unzip', ['-Z1', out], { encoding: 'utf8' });
    expect(names).toMatch(/polygons\.shp[\s\S]*one\.gpkg|one\.gpkg[\s\S]*polygons\.shp/);

    const verified = await run('verify', out, '--json').ended;
    expect([verified.code, documents(verified.text)]).toEqual([
      0,
      [expect.objectContaining({ bundle: out, sound: true })],
    ]);
    writeFileSync(join(folder, 'none.zip'), 'not a zip');
    const faulty = await run('verify', join(folder, 'none.zip')).ended;
    expect([faulty.code, faulty.text]).toEqual([1, expect.stringContaining('zip-damaged')]);
    expect((await run('verify', join(folder, 'not-there.zip')).ended).code).toBe(7);
  });

  it('with --json writes one document per line, to the end', async () => {
    const out = join(folder, 'json.zip');
    const { code, text, stderr } = await run('export', 'faraway/two', '--format', 'csv', '--out', out, '--json').ended;
    const events = documents(text);
    expect([code, stderr]).toEqual([0, '']);
    expect([...new Set(events.map(({ event }) => event))]).toEqual([
      'requested',
      'progress',
      'end',
      'download',
      'saved',
    ]);
    expect(events.at(-1)).toMatchObject({
      file: out,
      bytes: events.at(-3)?.export?.bundle?.bytes ?? expect.any(Number),
    });
    expect(text).not.toContain(stack.api.token);
    expect(text).not.toContain(API_TOKEN);
  });

  it('on Ctrl-C asks nothing, leaves the export running, and says how to find it again', async () => {
    const out = join(folder, 'later.zip');
    const { process, id } = await watching(['--out', out]);
    // npx passes on what the terminal has sent already.
    process.kill('SIGINT');
    process.kill('SIGINT');
    const { code, stderr } = await process.ended;
    expect(code).toBe(130);
    expect(stderr).toContain(`Export ${id} goes on without you`);
    expect(stderr).toContain(`parcelpost status ${id} --wait`);
    expect(stderr).toContain(`parcelpost download ${id} --out ${out}`);

    expect((await stack.api.export(id)).outcome).toBe(null);
    const found = run('status', id, '--wait');
    await stack.platform.release();
    expect((await found.ended).code).toBe(0);
    expect((await run('download', id, '--out', out).ended).code).toBe(0);
    expect(existsSync(out)).toBe(true);
  });

  it('goes on through a restart of the producer', async () => {
    const out = join(folder, 'restarted.zip');
    const { process } = await watching(['--out', out]);
    const { port } = stack.producer;
    await stack.producer.kill();
    await until('it tells of it', async () => process.stderr().includes('Trying again'));
    again = await startProcess('producer', { ...stack.environment.producer, PORT: String(port) });
    await stack.platform.release();
    const { code, text } = await process.ended;
    expect([code, text]).toEqual([0, `${out}\n`]);
  });

  it('draws a bar on a terminal, and none of it stays', async () => {
    const out = join(folder, 'terminal.zip');
    // util-linux' script gives it a terminal of its own.
    const shell = (words: string[]) => {
      const command = `stty cols 60; ${words.map((word) => `'${word}'`).join(' ')}`;
      return ['script', '-qec', command, '/dev/null'];
    };
    const { process } = await watching(['--out', out], shell);
    await until('it draws', async () => /reading \[.*\] +\d+ %/.test(process.stdout()));
    await stack.platform.release();
    const { code, text } = await process.ended;
    expect(code).toBe(0);
    const last = text.slice(text.lastIndexOf('\r\u001b[K'));
    expect(last).toContain(out);
    expect(last).not.toContain('%');
  });

  it('of an export that fails ends with 1 and the reason, and a retry brings the bundle', async () => {
    await stack.platform.configure({ faults: [{ match: '/projects/broken/parties/', status: 403 }] });
    const out = join(folder, 'mended.zip');
    const { code, stderr } = await run('export', 'faraway/broken', '--format', 'csv', '--out', out).ended;
    const id = ID.exec(stderr)?.[0] as string;
    expect(code).toBe(1);
    expect(stderr).toMatch(/is failed: .+\n.*parcelpost retry /);
    expect(existsSync(out)).toBe(false);
    await stack.platform.configure({ faults: [] });
    const again = await run('retry', id, '--out', out).ended;
    expect([again.code, again.text]).toEqual([0, `${out}\n`]);
  });

  it('tells of a full disk', async () => {
    const { text } = await run('list', '--json').ended;
    const { id } = documents(text).find(({ state }) => state === 'completed');
    const full = (words: string[]) => ['sh', '-c', '"$@" > /dev/full', 'sh', ...words];
    const { code, stderr } = await startCli(['download', id, '--out', '-'], env, full).ended;
    expect([code, stderr]).toEqual([7, expect.stringContaining('the disk is full')]);
  });
});
