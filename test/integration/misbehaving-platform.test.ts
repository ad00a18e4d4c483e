/** Platforms that refuse, break, dawdle or mislead: every export of theirs ends rightly, once, with a reason to read. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExportState } from '@parcelpost/infra/services/api-client.js';
import type { ExportFailureReport } from '@parcelpost/shared/export-result.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES, type TestEngine } from '../support/engines.js';
import type { Fault } from '../support/mock-platform/settings.js';
import { type PlatformStack, startPlatformStack } from '../support/platform-stack.js';

/** Attempts at one page, and tries of a shard, before an export fails. */
const PAGE_ATTEMPTS = 5;
const SHARD_TRIES = 3;
const PARCELS = 20;
const TIMEOUT_SECONDS = 1;
/** Longest way to an outcome: every try of a shard, each with every attempt at a page, each of them timed out. */
const LONGEST_MS = 60_000;

/** Path of a list, for messages. */
const list = (project: string, entity: string) => `/api/v1/organizations/faraway/projects/${project}/${entity}/`;

interface Failing {
  project: string;
  title: string;
  faults: (elsewhere: string) => Omit<Fault, 'match'>;
  /** Which requests go wrong: path and query behind the project's path. */
  match: string;
  code: string;
  /** What the reason says. */
  says: (string | RegExp)[];
  step: string;
  attempts: number;
  /** How often each request that goes wrong is sent. */
  asked: { atLeast: number; atMost: number };
}

const exactly = (times: number) => ({ atLeast: times, atMost: times });
/** A slow machine may let a request time out that would have been refused; that is not the storm that is looked for. */
const onceOrSo = { atLeast: 1, atMost: 2 };

const FAILING: Failing[] = [
  {
    project: 'refused',
    title: 'that answers 401 fails its export at once, without a storm of retries',
    match: 'parties/.*offset=',
    faults: () => ({ status: 401 }),
    code: 'platform-unauthorized',
    says: ['401', list('refused', 'parties'), 'limit 5', 'expired'],
    step: 'parties',
    attempts: 1,
    asked: onceOrSo,
  },
  {
    project: 'refused-early',
    title: 'that answers 401 before anything was planned fails its export at once',
    match: '\\?(shard_size|limit=1$)',
    faults: () => ({ status: 401 }),
    code: 'platform-unauthorized',
    says: ['401', '/projects/refused-early/'],
    step: 'plan',
    attempts: 1,
    asked: onceOrSo,
  },
  {
    project: 'always-500',
    title: 'that always answers 500 fails its export, with the page and the number of attempts in the reason',
    match: 'spatial/.*offset=10$',
    faults: () => ({ status: 500 }),
    code: 'platform-unavailable',
    says: ['500', list('always-500', 'spatial'), 'offset 10', `after ${PAGE_ATTEMPTS} attempts`],
    step: 'locations',
    attempts: SHARD_TRIES,
    asked: exactly(PAGE_ATTEMPTS * SHARD_TRIES),
  },
  {
    project: 'always-slow',
    title: 'that never answers in time fails its export, with the time that it had in the reason',
    match: 'parties/.*offset=10$',
    faults: () => ({ delayMs: TIMEOUT_SECONDS * 3000 }),
    code: 'platform-unavailable',
    says: [`within ${TIMEOUT_SECONDS} s`, list('always-slow', 'parties'), 'offset 10', 'later'],
    step: 'parties',
    attempts: SHARD_TRIES,
    asked: exactly(PAGE_ATTEMPTS * SHARD_TRIES),
  },
  {
    project: 'not-json',
    title: 'whose page is not JSON is asked for it again, and then fails its export',
    match: 'relationships/tenure/.*offset=5$',
    faults: () => ({ break: 'not-json' }),
    code: 'platform-bad-answer',
    says: ['not JSON', list('not-json', 'relationships/tenure'), 'offset 5', `after ${PAGE_ATTEMPTS} attempts`],
    step: 'relationships',
    attempts: 1,
    asked: exactly(PAGE_ATTEMPTS),
  },
  {
    project: 'wrong-shape',
    title: 'whose page is of another shape fails its export at once, with the field in the reason',
    match: 'parties/.*offset=5$',
    faults: () => ({ break: 'wrong-shape' }),
    code: 'platform-bad-answer',
    says: ['results must be a list, not text', list('wrong-shape', 'parties'), 'offset 5'],
    step: 'parties',
    attempts: 1,
    asked: onceOrSo,
  },
  {
    project: 'truncated',
    title: 'whose page always breaks off fails its export',
    match: 'spatial/.*offset=0$',
    faults: () => ({ break: 'truncated' }),
    code: 'platform-unavailable',
    says: ['connection', list('truncated', 'spatial'), 'offset 0', `after ${PAGE_ATTEMPTS} attempts`],
    step: 'locations',
    attempts: SHARD_TRIES,
    asked: exactly(PAGE_ATTEMPTS * SHARD_TRIES),
  },
  {
    project: 'foreign-link',
    title: 'whose next link leads to another host is not followed there',
    match: 'parties/.*offset=0$',
    faults: (elsewhere) => ({ break: 'foreign-next', foreign: elsewhere }),
    code: 'foreign-link',
    says: ['"next" link', list('foreign-link', 'parties'), /leads to http:\/\/127\.0\.0\.1:\d+/],
    step: 'parties',
    attempts: 1,
    asked: onceOrSo,
  },
  {
    project: 'redirect',
    title: 'that redirects to another host is not followed there',
    match: 'parties/.*offset=',
    faults: (elsewhere) => ({ status: 302, headers: { location: `${elsewhere}/` } }),
    code: 'platform-redirect',
    says: ['302', list('redirect', 'parties'), 'not followed'],
    step: 'parties',
    attempts: 1,
    asked: onceOrSo,
  },
];

interface Recovering {
  project: string;
  title: string;
  match: string;
  fault: Omit<Fault, 'match'>;
  /** Requests that it takes at least. */
  requests: number;
}

const RECOVERING: Recovering[] = [
  {
    project: '500-thrice',
    title: 'that answers 500 thrice and then well completes its export',
    match: 'parties/.*offset=0$',
    fault: { status: 500, times: 3 },
    requests: 4,
  },
  {
    project: 'slow-once',
    title: 'that is too slow once completes its export',
    match: 'spatial/.*offset=10$',
    fault: { delayMs: TIMEOUT_SECONDS * 3000, times: 1 },
    requests: 2,
  },
  {
    project: 'truncated-once',
    title: 'whose page breaks off once completes its export',
    match: 'relationships/tenure/.*offset=0$',
    fault: { break: 'truncated', times: 1 },
    requests: 2,
  },
  {
    project: 'not-json-once',
    title: 'whose page is not JSON once completes its export',
    match: 'parties/.*offset=5$',
    fault: { break: 'not-json', times: 1 },
    requests: 2,
  },
  {
    project: 'busy',
    title: 'that asks for a pause by 429 and Retry-After completes its export',
    match: 'limit=1$',
    fault: { status: 429, headers: { 'retry-after': '1' }, times: 3 },
    requests: 6,
  },
];

const tokenOf = (project: string) => `secret-of-${project}`;

interface Run {
  stack: PlatformStack;
  ids: Map<string, string>;
}

describe('a platform', () => {
  const runs = new Map<TestEngine, Run>();
  const seenElsewhere: string[] = [];
  let elsewhere: Server;

  // All exports run at once, on both engines: most of their time is spent waiting for the next attempt.
  beforeAll(async () => {
    elsewhere = createServer((request, response) => {
      seenElsewhere.push(`${request.url} ${JSON.stringify(request.headers)}`);
      response.writeHead(200).end('{}');
    });
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const origin = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    const at = (project: string, match: string) => `/projects/${project}/.*${match}`;
    const faults: Fault[] = [
      ...FAILING.map(({ project, match, faults }) => ({ match: at(project, match), ...faults(origin) })),
      ...RECOVERING.map(({ project, match, fault }) => ({ match: at(project, match), ...fault })),
    ];
    await Promise.all(
      ENGINES.map(async (engine) => {
        const stack = await startPlatformStack(
          { parcels: PARCELS, faults },
          {
            engine,
            workerEnv: {
              SHARD_RECORDS: '10',
              PAGE_SIZE: '5',
              FETCH_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
              WORKER_CONCURRENCY: '64',
            },
          },
        );
        const ids = new Map<string, string>();
        runs.set(engine, { stack, ids });
        for (const { project } of [...FAILING, ...RECOVERING]) {
          ids.set(project, (await stack.ask(project, { apiToken: tokenOf(project) })).id);
        }
      }),
    );
  });

  afterAll(async () => {
    await Promise.all([...runs.values()].map(({ stack }) => stack.stop()));
    elsewhere?.close();
  });

  describe.each(ENGINES)('on the %s engine', (engine) => {
    const run = () => runs.get(engine) as Run;
    const settled = (project: string): Promise<ExportState> => run().stack.settled(run().ids.get(project) as string);
    const requestsOf = async (project: string, match: string) => {
      const pattern = new RegExp(`/projects/${project}/.*${match}`);
      return (await run().stack.platform.requests()).filter((request) => pattern.test(request));
    };

    for (const wanted of FAILING)
      test(wanted.title, { timeout: LONGEST_MS }, async () => {
        const { stack } = run();
        const { id, state, error, bundle, followUps } = await settled(wanted.project);
        expect({ state, bundle, code: error?.code }).toEqual({ state: 'failed', bundle: null, code: wanted.code });
        expect(error).toMatchObject({ step: wanted.step, attempts: wanted.attempts });
        expect(error?.shard === null).toBe(wanted.step === 'plan');
        for (const part of wanted.says) expect(error?.message).toMatch(part);
        // Sentences, and no scrap of a stack trace or of JSON.
        expect(error?.message).toMatch(/^[A-Z][^{}\n]+\.$/);

        const asked = new Map<string, number>();
        for (const request of await requestsOf(wanted.project, wanted.match)) {
          // A page may be asked for in smaller pieces the next time.
          const place = request.replace(/limit=\d+&/, '');
          asked.set(place, (asked.get(place) ?? 0) + 1);
        }
        expect(asked.size).toBeGreaterThan(0);
        for (const times of asked.values()) {
          expect(times).toBeGreaterThanOrEqual(wanted.asked.atLeast);
          expect(times).toBeLessThanOrEqual(wanted.asked.atMost);
        }

        expect(followUps).toMatchObject([{ hook: 'onFailure', task: 'webhook.post', state: 'done' }]);
        const calls = stack.hooks.calls(id);
        expect(calls).toMatchObject([{ path: '/failure', id: followUps[0]?.id, body: { type: 'export.failed' } }]);
        expect((calls[0]?.body.data as ExportFailureReport | undefined)?.failure).toEqual(error);
        expect(JSON.stringify([error, calls])).not.toContain(tokenOf(wanted.project));
        // Only what another try may take over is kept.
        expect(stack.stored(id).filter((path) => !/\/(work|made)-/.test(path))).toEqual([]);
      });

    for (const { project, title, match, requests } of RECOVERING)
      test(title, { timeout: LONGEST_MS }, async () => {
        const { stack } = run();
        const { id, state, error, files, followUps } = await settled(project);
        expect({ state, error }).toEqual({ state: 'completed', error: null });
        const tables = files.filter(({ name }) => name.endsWith('.csv'));
        expect(tables.map(({ name, rows }) => `${name} ${rows}`)).toEqual(
          ['relationships', 'parties', 'locations'].map((name) => `${name}.csv ${PARCELS}`),
        );
        expect((await requestsOf(project, match)).length).toBeGreaterThanOrEqual(requests);
        // The attempts at a page are the shard's own affair: none of its tries is spent.
        expect(new Set((await stack.jobs.all(id, 1)).map(({ attempts }) => attempts))).toEqual(new Set([1]));
        expect(followUps).toMatchObject([{ hook: 'onSuccess', state: 'done' }]);
        expect(stack.hooks.calls(id)).toMatchObject([{ path: '/success', id: followUps[0]?.id }]);
      });

    test('that leads elsewhere never brings the token there, and no log has it', { timeout: LONGEST_MS }, async () => {
      const { stack, ids } = run();
      const states = await Promise.all([...ids.keys()].map(settled));
      expect(states).toHaveLength(FAILING.length + RECOVERING.length);
      expect(seenElsewhere).toEqual([]);
      for (const { output } of [stack.producer, ...stack.workers]) {
        expect(output()).toContain(states[0]?.id);
        expect(output()).not.toContain('secret-of-');
      }
      // By now every follow-up had all the time of the other exports to come a second time.
      for (const { id } of states) expect(stack.hooks.calls(id)).toHaveLength(1);
    });
  });
});
