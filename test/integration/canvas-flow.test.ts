/** Canvases all the way from the request: through workers that are killed, and from export to export. */
import type { ApiClient, ExportState } from '@parcelpost/infra/services/api-client.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { type HookEndpoint, startHookEndpoint } from '../support/hook-endpoint.js';
import { type Stack, startStack } from '../support/stack.js';

const LONGEST_MS = 90_000;
const ENDED = ['done', 'failed', 'skipped'];

describe.each(ENGINES)('canvases from request to end on the %s engine', (engine) => {
  let stack: Stack;
  let hooks: HookEndpoint;
  let api: ApiClient;

  beforeAll(async () => {
    hooks = await startHookEndpoint();
    stack = await startStack({
      engine,
      samples: ['cadasta/london-2', 'cadasta/london-20'],
      workerEnv: { WORKER_LOCK_SECONDS: '1' },
    });
    api = await stack.as('ana');
  });
  afterAll(async () => {
    await stack?.stop();
    await hooks?.close();
  });

  const hook = (path: string) => ({ task: 'webhook.post', args: { url: hooks.url(path) } });
  const came = (path: string) => hooks.calls().filter((call) => call.path === path);
  const settled = (id: string): Promise<ExportState> =>
    api.waitFor(
      id,
      ({ outcome, followUps }) => outcome !== null && followUps.every(({ state }) => ENDED.includes(state)),
    );

  test('a chord’s body is called once though the worker that has a member in hand is killed', {
    timeout: LONGEST_MS,
  }, async () => {
    // The first to ask for this path is never answered; its worker dies with the call in hand.
    hooks.answer('/slow', (_, before) => (before === 0 ? { delayMs: LONGEST_MS } : { status: 200 }));
    const { id } = await api.requestExport('cadasta/london-2', {
      formats: ['csv'],
      onSuccess: [{ chord: [hook('/quick'), hook('/slow'), { task: 'log.info' }], body: hook('/body') }],
      onFailure: [hook('/failure')],
    });
    await hooks.came('/slow');
    // Chord, quick, slow, log, body: the other members are done.
    await api.waitFor(id, ({ followUps: [, quick, , log] }) => quick?.state === 'done' && log?.state === 'done');
    await stack.workers.at(-1)?.kill('SIGKILL');
    await stack.startWorker();
    const { followUps } = await settled(id);
    expect(followUps.map(({ task, state }) => `${task} ${state}`)).toEqual([
      'canvas.chord done',
      'webhook.post done',
      'webhook.post done',
      'log.info done',
      'webhook.post done',
    ]);
    expect(came('/body')).toMatchObject([
      { body: { data: { exportId: id, input: [{ status: 204 }, { status: 200 }, null] } } },
    ]);
    expect(came('/slow')).toHaveLength(2);
    expect(new Set(came('/slow').map((call) => call.id)).size).toBe(1);
    expect(came('/quick')).toHaveLength(1);
    expect(came('/failure')).toEqual([]);
  });

  test('an export starts the next, and that one the next after it, three deep, each once', {
    timeout: LONGEST_MS,
  }, async () => {
    const next = (project: string, onSuccess: object[]) => ({
      task: 'export.project',
      args: { project, request: { formats: ['csv'], onSuccess, onFailure: [hook('/failure')] } },
    });
    const { id } = await api.requestExport('cadasta/london-2', {
      formats: ['csv'],
      onSuccess: [
        { chain: [next('london-20', [hook('/second'), next('london-2', [hook('/third')])]), hook('/after-start')] },
        hook('/first'),
      ],
    });
    const [third] = await hooks.came('/third');
    const { rows: started } = await stack.database.db.raw(
      `select e.id, e.project, e.outcome, e.started_by, o.export_id as "by" from exports e
       left join outbox o on o.id = e.started_by where e.id = ? or e.started_by is not null`,
      [id],
    );
    const of = (by: string | null) => started.filter((row: { by: string | null }) => row.by === by);
    const [first] = of(null);
    const [second] = of(first.id);
    const [last] = of(second.id);
    expect(started).toHaveLength(3);
    expect([first, second, last].map(({ project, outcome }) => `${project} ${outcome}`)).toEqual([
      'london-2 completed',
      'london-20 completed',
      'london-2 completed',
    ]);
    expect(second.id).toBe(second.started_by);
    expect(third?.body.data).toMatchObject({ exportId: last.id, outcome: 'completed', project: { slug: 'london-2' } });
    for (const each of [first, second, last]) await settled(each.id);
    for (const path of ['/first', '/second', '/third', '/after-start']) expect(came(path)).toHaveLength(1);
    expect(came('/after-start')[0]?.body.data).toMatchObject({
      exportId: first.id,
      input: { exportId: second.id, project: 'london-20' },
    });
    expect(came('/failure')).toEqual([]);
    // No token of theirs is left anywhere.
    const left = await stack.database.db.raw(
      `select (select count(*) from exports where sealed_token is not null or next_tokens is not null) as exports,
         (select count(*) from outbox where sealed is not null) as outbox`,
    );
    expect(left.rows).toEqual([{ exports: 0, outbox: 0 }]);
  });
});
