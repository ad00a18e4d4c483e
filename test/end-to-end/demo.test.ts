/** The commands as people run them, on embedded services of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const command = (name: string) => fileURLToPath(new URL(`../../infra/dist/cli/${name}.js`, import.meta.url));
let folder: string;
let dataDir: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-demo-'));
  // PostgreSQL runs as another user than root, and has to get in.
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'data');
});
afterAll(async () => {
  for (const child of children.filter((one) => one.exitCode === null)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
}

const demo = (...args: string[]) => start('demo', args);

/** Starts a command in a process group of its own, as a shell does. */
function start(name: string, args: string[]): Running {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [command(name), ...args], {
    env: { PATH, HOME, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return { child, output: () => output, ended: once(child, 'close').then(([code]) => code as number | null) };
}

interface Summary {
  exports: {
    id: string;
    state: string;
    bundle: string;
    files: { name: string; rows: number | null; bytes: number }[];
  }[];
  mails: string[];
}

describe('the demo', () => {
  test('with --once leaves both zips and both mails, says so in its last line, and ends with 0', {
    timeout: 120_000,
  }, async () => {
    const out = join(folder, 'out');
    const run = demo('--once', '--out', out);
    expect(await run.ended, run.output()).toBe(0);
    const summary = JSON.parse(run.output().trimEnd().split('\n').at(-1) ?? '') as Summary;
    expect(summary.exports.map(({ state }) => state)).toEqual(['completed', 'completed']);
    const rows = summary.exports.map(({ files }) => files.find(({ name }) => name === 'locations.csv')?.rows);
    expect(rows).toEqual([3231, 360]);
    for (const { bundle } of summary.exports)
      expect(readFileSync(bundle).subarray(0, 4).toString('latin1')).toBe('PK\x03\x04');
    expect(summary.mails).toHaveLength(2);
    for (const [i, mail] of summary.mails.entries()) {
      const text = readFileSync(mail, 'utf8');
      expect(text).toMatch(/^To: .*ana@example\.org/m);
      expect(text).toContain(summary.exports[i]?.id);
    }
    expect(readdirSync(out).toSorted()).toEqual(
      [...summary.exports.map(({ bundle }) => bundle), ...summary.mails]
        .map((path) => path.slice(out.length + 1))
        .toSorted(),
    );
  });

  test('with --engine redis does it again, on a Redis of its own', { timeout: 120_000 }, async () => {
    const run = demo('--once', '--engine', 'redis', '--out', join(folder, 'redis'));
    expect(await run.ended, run.output()).toBe(0);
    const summary = JSON.parse(run.output().trimEnd().split('\n').at(-1) ?? '') as Summary;
    expect(summary.exports.map(({ state }) => state)).toEqual(['completed', 'completed']);
    expect(summary.mails).toHaveLength(2);
    expect(readFileSync(join(dataDir, 'logs', 'worker-1.log'), 'utf8')).toContain('"engine":"redis"');
  });

  test('with another engine does nothing but say which there are', async () => {
    const run = demo('--once', '--engine', 'mysql');
    expect(await run.ended).toBe(1);
    expect(run.output().trim()).toBe('--engine is redis or postgres, not "mysql"');
  });

  test('stays up without --once, shows its page, is found by the operator’s commands, and leaves no process when Ctrl-C arrives twice', {
    timeout: 120_000,
  }, async () => {
    const run = demo('--engine', 'redis', '--out', join(folder, 'again'));
    while (!run.output().includes('Ctrl-C'))
      await Promise.race([once(run.child.stdout as never, 'data'), run.ended.then(broken)]);
    function broken(): never {
      throw new Error(`the demo ended early:\n${run.output()}`);
    }
    const page = /http:\S+\/exports/.exec(run.output())?.[0] ?? '';
    const answer = await fetch(page);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    await answer.text();

    const doctor = start('ops', ['doctor']);
    expect(await doctor.ended, doctor.output()).toBe(0);
    expect(doctor.output()).toMatch(/queues on redis at .*; storage file:.*workers: meta 2, export 2/);

    const group = -(run.child.pid as number);
    process.kill(group, 'SIGINT');
    process.kill(group, 'SIGINT');
    expect(await run.ended, run.output()).toBe(0);
    expect(existsSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'))).toBe(false);
    await expect(fetch(page)).rejects.toThrow();
    for (const name of ['producer', 'worker-1', 'worker-2']) {
      const log = readFileSync(join(dataDir, 'logs', `${name}.log`), 'utf8')
        .trim()
        .split('\n');
      expect(JSON.parse(log.at(-1) ?? ''), name).toMatchObject({ msg: 'stopped' });
    }
  });
});
