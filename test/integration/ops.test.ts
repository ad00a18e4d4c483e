/** The operator's commands and the metrics of both apps, on a running installation. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOps } from '../../apps/producer/src/cli/ops/run.js';
import { ENGINES, queueUrlFor } from '../support/engines.js';
import { type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';
import { ROOT } from '../support/root.js';

const SAMPLE = /^\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?(\d+(\.\d+)?(e[+-]?\d+)?|NaN|Nan|\+Inf)$/;

/** The samples of `/metrics`, by name and labels in their alphabet, without `role`; every line is checked against the text format. */
async function metricsOf(url: string): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const samples = new Map<string, number>();
  let described = '';
  for (const line of (await answer.text()).split('\n').filter((one) => one !== '')) {
    const comment = /^# (HELP|TYPE) (\w+) ./.exec(line);
    if (comment) {
      described = comment[2] ?? '';
      continue;
    }
    expect(line).toMatch(SAMPLE);
    expect(line.startsWith(described)).toBe(true);
    const end = line.lastIndexOf(' ');
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(line.slice(0, end)) ?? [];
    const kept = (labels.match(/\w+="[^"]*"/g) ?? []).filter((label) => !label.startsWith('role=')).sort();
    samples.set(kept.length > 0 ? `${name}{${kept.join(',')}}` : name, Number(line.slice(end + 1)));
  }
  return samples;
}

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const [out, err]: string[][] = [[], []];
  const code = await runOps(args, env, {
    print: (line) => out?.push(`${line}\n`),
    complain: (line) => err?.push(`${line}\n`),
  });
  return { code, stdout: out?.join('') ?? '', stderr: err?.join('') ?? '' };
}

/** The same, as the program that was built. */
const runBuilt = (args: string[], env: Record<string, string> = {}) =>
  new Promise<Ended>((done) => {
    const { PATH, HOME } = process.env;
    const main = join(ROOT, 'apps/producer/dist/cli/ops.js');
    execFile(process.execPath, [main, ...args], { env: { PATH, HOME, ...env } }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

describe.each(ENGINES)('looking after an installation, with queues on %s', (engine) => {
  let stack: PlatformStack;
  beforeAll(async () => {
    stack = await startPlatformStack({ parcels: 20 }, { engine });
  });
  afterAll(() => stack?.stop());

  /** Runs a command as an operator does: with no secret in its environment. */
  const ops = (...args: string[]) =>
    run(args, {
      DATABASE_URL: stack.database.urls.producer,
      QUEUE_URL: queueUrlFor(engine, stack.database.urls.producer),
      QUEUE_PREFIX: stack.queuePrefix,
      STORAGE_URL: pathToFileURL(stack.storageDir).href,
      PUBLIC_URL: stack.producer.url,
      SWEEP_SECONDS: '0.5',
    });

  it('a failed follow-up is found, shown without its arguments, and replayed; the outcome stays, its chain goes on', async () => {
    const secret = `${stack.hooks.url('/first')}?key=T0P-SECRET`;
    stack.hooks.answer('/first?key=T0P-SECRET', { status: 410 });
    const { id } = await stack.ask('replayed', {
      onSuccess: [
        {
          chain: [
            { task: 'webhook.post', args: { url: secret } },
            { task: 'webhook.post', args: { url: stack.hooks.url('/second') } },
          ],
        },
      ],
    });
    const decided = await stack.settled(id);
    const end = () =>
      stack.database.db('exports').where({ id }).first('generation', 'outcome', 'result', 'error', 'decided_at');
    const before = await end();

    const found = await ops('doctor');
    const failed = await stack.database.db('outbox').where({ export_id: id, place: 'onSuccess/0/chain/0' }).first('id');
    expect([found.code, decided.outcome]).toEqual([1, 'completed']);
    expect(found.stdout).toContain('1 follow-up failed for good in the last 24 h.');
    expect(found.stdout).toContain(failed.id);
    const json = JSON.parse((await ops('doctor', '--json')).stdout);
    expect(json).toMatchObject({ health: 'problems', unknown: [] });
    expect(json.findings.map(({ code }: { code: string }) => code)).toContain('follow-ups-failed');

    const list = await ops('follow-ups', 'list', '--state', 'failed', '--export', id);
    expect(list.stdout).toMatch(new RegExp(`${failed.id} +webhook\\.post +onSuccess/0/chain/0 +failed`));
    const shown = await ops('follow-ups', 'show', failed.id);
    expect(shown.stdout).toContain('not shown; ask for them by --args');
    expect(shown.stdout).toContain(`follow-ups replay ${failed.id}`);
    const whole = await ops('follow-ups', 'show', failed.id, '--args');
    expect(whole.stdout).toContain('T0P-SECRET');
    for (const { stdout, stderr } of [found, list, shown]) expect(stdout + stderr).not.toContain('T0P-SECRET');

    stack.hooks.answer('/first?key=T0P-SECRET', { status: 204 });
    const replay = await ops('follow-ups', 'replay', failed.id);
    expect([replay.code, replay.stderr]).toEqual([0, '']);
    await stack.hooks.came('/second');
    await stack.api.waitFor(id, ({ followUps }) => followUps.every(({ state }) => state === 'done'));
    expect(await end()).toEqual(before);
    expect(await ops('doctor')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is stuck.') });
    const deeds = await ops('audit', '--export', id);
    expect(
      deeds.stdout.split('\n').flatMap((line) => {
        const [, who, did] = /(user|worker|operator) .*? (\S+\.\S+) /.exec(line) ?? [];
        return did === undefined ? [] : [[who, did]];
      }),
    ).toEqual([
      ['operator', 'follow-ups.replay'],
      ['worker', 'exports.decide'],
      ['user', 'exports.record'],
    ]);
    expect(deeds.stdout).not.toContain('T0P-SECRET');
    const asJson = JSON.parse((await ops('audit', '--export', id, '--limit', '1', '--json')).stdout);
    expect(asJson).toMatchObject([{ actorKind: 'operator', subjectKind: 'follow-up', subjectId: failed.id }]);
    const again = await ops('follow-ups', 'replay', failed.id);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/Not replayed: the follow-up .* has not failed: it is done; those that failed: /);
  });

  it('an export that runs is shown and cancelled; a retry is for people with a token', async () => {
    await stack.platform.configure({ faults: [{ match: '/parties/', break: 'hold' }] });
    const { id } = await stack.ask('cancelled');
    await stack.platform.waitForRequests('/cancelled/parties/', 1);
    const running = await ops('exports', 'list', '--state', 'open');
    expect(running.stdout).toContain(id);
    const cancelled = await ops('exports', 'cancel', id);
    expect([cancelled.code, cancelled.stdout]).toEqual([0, expect.stringContaining('is being cancelled')]);
    await stack.api.waitFor(id, ({ outcome }) => outcome !== null);
    await stack.platform.release();

    const shown = await ops('exports', 'show', id);
    expect(shown.stdout).toContain(`${id}  faraway/cancelled: cancelled`);
    expect(shown.stdout).toContain('cancelled: Cancelled by the operator.');
    expect(shown.stdout).toMatch(/onFailure\/0 +webhook\.post/);
    const late = await ops('exports', 'cancel', id);
    expect([late.code, late.stderr]).toEqual([1, `Export ${id} is cancelled already; its outcome stays.\n`]);
    const retry = await ops('exports', 'retry', id);
    expect(retry.code).toBe(1);
    expect(retry.stderr).toContain(`POST /api/v1/exports/${id}/retry`);
  });

  it('a forged job raises a metric, and is listed with its reason', async () => {
    const [worker] = stack.workers;
    const url = worker?.url ?? '';
    const followUpId = randomUUID();
    const forged = { version: 1, followUpId, exportId: randomUUID(), task: 'log.info', args: {}, input: null };
    const before = await metricsOf(url);
    await stack.queues
      .queue('log')
      .add('log.info', { ...forged, options: {}, mac: 'x', replay: 0 }, { jobId: 'forged' });
    const sum = (samples: Map<string, number>) =>
      [...samples].reduce(
        (all, [name, n]) => (name.startsWith('parcelpost_signatures_refused_total{') ? all + n : all),
        0,
      );
    await until('it is refused', async () => sum(await metricsOf(url)) === sum(before) + 1);
    const names = [...(await metricsOf(url)).keys()].filter((name) => name.includes('signatures_refused_total'));
    expect(names).toEqual(['parcelpost_signatures_refused_total{queue="log",reason="unknown"}']);

    await until('it is recorded', async () => (await ops('refused', 'list')).stdout.includes('forged'));
    expect((await ops('refused', 'list')).stdout).toMatch(/log +forged +log\.info +unknown, no follow-up of this id/);
    const doctor = await ops('doctor');
    expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining('log/forged  log.info')]);
    await stack.database.db('refused_jobs').delete();
  });

  it('the metrics of both apps tell what they did, and what stands in the database', async () => {
    await stack.settled((await stack.ask('counted')).id);
    await stack.database.db('refused_jobs').insert({ queue: 'q', job_id: 'j', task: 't', reason: 'unknown' });
    const worker = await metricsOf(stack.workers[0]?.url ?? '');
    expect(worker.get('parcelpost_exports_decided_total{outcome="completed"}')).toBeGreaterThan(0);
    expect(worker.get('parcelpost_exports_decided_total{outcome="partial"}')).toBe(0);
    expect(worker.get('parcelpost_export_duration_seconds_count{outcome="completed"}')).toBeGreaterThan(0);
    expect(worker.get('parcelpost_follow_ups_total{end="done",task="webhook.post"}')).toBeGreaterThan(0);
    for (const kind of ['plan', 'map', 'reduce', 'merge']) {
      expect(worker.get(`parcelpost_jobs_total{end="done",kind="${kind}"}`)).toBeGreaterThan(0);
    }
    expect(worker.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);

    const producer = await metricsOf(stack.producer.url);
    const asked = 'method="POST",route="/api/v1/organizations/:org/projects/:project/exports",status="202"';
    expect(producer.get(`parcelpost_http_request_duration_seconds_count{${asked}}`)).toBeGreaterThan(0);
    expect(producer.get('parcelpost_database_up')).toBe(1);
    // The figures of one look serve for five seconds.
    await until(
      'the refusal is seen',
      async () => (await metricsOf(stack.producer.url)).get('parcelpost_refused_jobs_day') === 1,
    );
    const entered = ['export', 'follow-up'].map((what) =>
      [worker, producer].reduce(
        (sum, one) => sum + (one.get(`parcelpost_relay_entered_total{what="${what}"}`) ?? 0),
        0,
      ),
    );
    for (const n of entered) expect(n).toBeGreaterThan(0);
    await stack.database.db('refused_jobs').delete();
  });

  it('no address that somebody made up becomes a label', async () => {
    for (let i = 0; i < 5; i++) await fetch(`${stack.producer.url}/no/such/page-${i}`);
    const names = [...(await metricsOf(stack.producer.url)).keys()].filter((name) => name.includes('_count{'));
    expect(names.join()).not.toContain('page-');
    expect(names).toContain('parcelpost_http_request_duration_seconds_count{method="GET",route="none",status="404"}');
  });
});

describe('the command itself', () => {
  const DATABASE_URL = 'postgres://nobody:hidden@127.0.0.1:1/gone';

  it('says how it is called, without any service', async () => {
    expect(await runBuilt(['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('follow-ups replay <id>'),
    });
    expect((await run([])).code).toBe(2);
  });

  it.each([
    [['dance'], 'There is no command "dance"'],
    [['follow-ups', 'dance'], 'There is no command "follow-ups dance"'],
    [['doctor', '--state', 'failed'], 'doctor does not take --state'],
    [['doctor', 'now'], '"now" is too much'],
    [['doctor', '--minutes', 'x'], '--minutes is a number above 0'],
    [['doctor', '--nonsense'], "Unknown option '--nonsense'"],
    [['exports', 'list', '--state', 'lost'], '--state is one of open, completed'],
    [['exports', 'show', '12'], '"12" is no id'],
    [['follow-ups', 'replay'], 'follow-ups replay <id>'],
  ])('%j is refused with what is wrong', async (args, said) => {
    const { code, stdout, stderr } = await run(args, { DATABASE_URL });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
  });

  it('names what is not set, and says without its password what does not answer', async () => {
    expect(await run(['doctor'])).toMatchObject({ code: 2, stderr: 'DATABASE_URL is not set\n' });
    const { code, stdout, stderr } = await runBuilt(['doctor'], { DATABASE_URL });
    expect(code).toBe(2);
    expect(stdout).toMatch(/CANNOT TELL {2}database \(127\.0\.0\.1:1\/gone\): connect ECONNREFUSED/);
    const list = await run(['exports', 'list'], { DATABASE_URL });
    expect([list.code, list.stdout]).toEqual([2, '']);
    expect(stdout + stderr + list.stderr).not.toContain('hidden');
  });
});
