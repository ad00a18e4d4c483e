import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningPostgres, startPostgres } from './postgres.js';
import { isAlive } from './start-lock.js';

const tuning = { fsync: 'off', shared_buffers: '16MB' };
let dataDir: string;
const running: RunningPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'parcelpost-pg-'));
  chmodSync(dataDir, 0o755);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of running.splice(0)) await server.stop();
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

async function start(folder = dataDir, log?: (line: string) => void): Promise<RunningPostgres> {
  const server = await startPostgres({ dataDir: folder, tuning, ...(log ? { log } : {}) });
  running.push(server);
  return server;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts the server from a process of its own; its first line of output is the URL. */
async function startInAnotherProcess(): Promise<{ child: ChildProcess; url: string }> {
  const module = new URL('../../dist/services/postgres.js', import.meta.url).href;
  const code = `
    const { startPostgres } = await import(${JSON.stringify(module)});
    const server = await startPostgres({ dataDir: process.argv[1], tuning: ${JSON.stringify(tuning)} });
    console.log(server.url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: line.toString().trim() };
}

const serverPid = (folder = dataDir) =>
  Number(readFileSync(join(folder, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);

async function gone(pid: number): Promise<boolean> {
  const until = Date.now() + 10_000;
  while (isAlive(pid) && Date.now() < until) await delay(10);
  return !isAlive(pid);
}

/** Every process: its own id, its parent's, its group's. */
function processes(): { pid: number; parent: number; group: number }[] {
  const rows = existsSync('/proc/self/stat')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(statOf)
    : execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid='], { encoding: 'utf8' }).split('\n');
  return rows.map((row) => {
    const [pid = 0, parent = 0, group = 0] = row.trim().split(/\s+/).map(Number);
    return { pid, parent, group };
  });
}

function statOf(pid: string): string {
  try {
    const [, parent, group] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return `${pid} ${parent} ${group}`;
  } catch {
    return ''; // It has ended since it was listed.
  }
}

describe('the embedded PostgreSQL', () => {
  test('keeps its data over a stop and a start, listens on 127.0.0.1 alone, and leaves no process', async () => {
    const first = await start();
    await ask(first.url, 'create table kept as select 42 as answer');
    expect(await ask(first.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);
    const pid = serverPid();
    await first.stop();
    expect(isAlive(pid)).toBe(false);
    const second = await start();
    expect(await ask(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('has a role for each app, the same over a stop and a start', async () => {
    const first = await start();
    const who = (url: string) => ask(url, 'select current_user as name');
    for (const role of ['owner', 'producer', 'worker'] as const) {
      expect(await who(first.urls[role])).toEqual([{ name: `parcelpost_${role}` }]);
    }
    await expect(ask(first.urls.worker, 'create table mine (id int)')).rejects.toMatchObject({ code: '42501' });
    await first.stop();
    const second = await start();
    expect(new URL(second.urls.worker).password).toBe(new URL(first.urls.worker).password);
    expect(await who(second.urls.worker)).toHaveLength(1);
  });

  test('refuses whoever does not know its password', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('is shared by a second start, whose stop leaves it to the first', async () => {
    const first = await start();
    const second = await start();
    expect(second).toMatchObject({ shared: true, url: first.url });
    await second.stop();
    expect(await ask(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('starts once when two processes start it at the same time', async () => {
    const [one, two] = await Promise.all([startInAnotherProcess(), startInAnotherProcess()]);
    expect(one.url).toBe(two.url);
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('ends when its starter ends by %s', async (signal) => {
    const { child } = await startInAnotherProcess();
    const pid = serverPid();
    child.kill(signal);
    expect(await gone(pid)).toBe(true);
  });

  test('starts again after it was killed', async () => {
    const { child } = await startInAnotherProcess();
    const pid = serverPid();
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    child.kill('SIGKILL');
    expect(serverPid()).toBe(pid);
    const { url } = await start();
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('ends a server that has lost its starter and its guard, and starts anew', async () => {
    const { child } = await startInAnotherProcess();
    const pid = serverPid();
    const guard = processes().find((one) => one.pid === pid)?.parent;
    // The watcher first: the end of the guard alone would make the starter close the pipe that it watches.
    const watchers = processes().filter((one) => one.group === guard && one.pid !== pid && one.pid !== guard);
    for (const one of [...watchers.map((watcher) => watcher.pid), guard as number]) process.kill(one, 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(pid)).toBe(true);
    const said: string[] = [];
    await start(dataDir, (line) => said.push(line));
    expect(said).toContain(`ending a PostgreSQL (process ${pid}) that an earlier start left behind`);
    expect(isAlive(pid)).toBe(false);
  });

  test('starts though its pid file names a process that is no PostgreSQL', async () => {
    await (await start()).stop();
    // The process of the tests itself stands for the one that got the number.
    writeFileSync(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n${dataDir}\n0\n1\n\n127.0.0.1\n`);
    const { url } = await start();
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('works for a folder that only the user who starts it can enter', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'parcelpost-closed-'));
    const said: string[] = [];
    const { url } = await start(join(closed, 'postgres'), (line) => said.push(line));
    const rows = await ask(url, 'show data_directory');
    const directory = dirname(String(rows[0]?.data_directory));
    // Root cannot hand the folder to the user that PostgreSQL runs as: the data goes elsewhere, and it says so.
    if (!directory.startsWith(closed)) expect(said.join('\n')).toContain(`the database is kept in ${directory}`);
    await running.pop()?.stop();
    for (const folder of [closed, directory]) rmSync(folder, { recursive: true, force: true });
  });
});
