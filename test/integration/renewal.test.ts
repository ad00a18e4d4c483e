/** Results that an older version of the software has made: a newer one is offered, and made once, when somebody says so. */
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { BUILT_IN_STEPS } from '@parcelpost/shared/pipeline/built-in-steps.js';
import { DeclaredStep } from '@parcelpost/shared/pipeline/declared-step.js';
import { Pipeline } from '@parcelpost/shared/pipeline/pipeline.js';
import { createRegistry } from '@parcelpost/shared/signatures/registry.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exportActions } from '../../apps/producer/src/actions/export-actions.js';
import { ReadExports } from '../../apps/producer/src/actions/read-exports.js';
import type { RenewExport } from '../../apps/producer/src/actions/renew-export.js';
import type { Dependencies } from '../../apps/producer/src/dependencies.js';
import {
  AUTH_SECRET,
  PUBLIC_URL,
  SEAL_SECRET,
  SIGNATURE_SECRET,
  send,
  startProducer,
  type TestProducer,
  TOKEN_KEYS,
} from '../support/producer.js';
import { testWrites } from '../support/writes.js';

const path = '/api/v1/organizations/cadasta/projects/london-2/exports';
/** The software as it is now: parties.csv and the shapefiles come out otherwise than they did. */
const RAISED = ['parties', 'shapefiles'];
const pipeline = new Pipeline(
  BUILT_IN_STEPS.map(
    (about) => new DeclaredStep({ ...about, version: RAISED.includes(about.name) ? 'newer' : about.version }),
  ),
);
const NOW = pipeline.versions({ formats: ['csv'] });
const OLD = { ...NOW, parties: 'older' };

let producer: TestProducer;
beforeAll(async () => {
  producer = await startProducer({ over: { pipeline } });
});
afterAll(() => producer.close());
/** Fails what is under way. */
const endOpen = () =>
  producer
    .db('exports')
    .where({ outcome: null })
    .update({ outcome: 'failed', decided_at: new Date(), phase: 'decided' });
beforeEach(endOpen);

const as = (user: keyof TestProducer['users'], target: string, method = 'GET', body?: object) =>
  send(producer.port, target, { method, headers: producer.bearer(producer.users[user]), ...(body && { body }) });
const renewing = (id: string, user: keyof TestProducer['users'] = 'ana', body?: object) =>
  as(user, `/api/v1/exports/${id}/renew`, 'POST', body);
const view = async (id: string) => (await as('ana', `/api/v1/exports/${id}`)).json;
const rows = async () => Number((await producer.db('exports').count('* as n'))[0]?.n);

async function decide(id: string, steps: object, outcome: 'completed' | 'failed' = 'completed'): Promise<void> {
  const warnings: string[] = [];
  await new ExportService(producer.db).decide(producer.db, id, 1, {
    outcome,
    result: outcome === 'failed' ? null : ({ steps, warnings, missing: [] } as never),
    error: null,
    expiresAt: outcome === 'failed' ? null : new Date(Date.now() + 3_600_000),
    partsUntil: new Date(),
  });
}
let asked = 0;
/** A completed export whose files are of these versions. */
async function completed(steps: object, body: object = {}): Promise<string> {
  const note = { task: 'log.info', args: { message: `${++asked}` } };
  const { json } = await as('ana', path, 'POST', { formats: ['csv'], onSuccess: [note], ...body });
  await decide(json.id, steps);
  return json.id;
}

describe('an export whose results are of an older version', () => {
  test('V6: a newer version of a step is told on the next view, and of which steps', async () => {
    expect((await view(await completed(OLD))).renewal).toEqual({
      available: true,
      steps: ['parties'],
      renewedBy: null,
    });
    expect((await view(await completed(NOW))).renewal).toEqual({ available: false, steps: [], renewedBy: null });
    // What was not asked for is not missed.
    const tables = await completed(pipeline.versions({ formats: ['xlsx'] }), { formats: ['xlsx'] });
    expect((await view(tables)).renewal.available).toBe(false);
    const page = await as('ana', '/api/v1/exports?organization=cadasta&project=london-2');
    expect(
      page.json.results.filter(({ renewal }: { renewal: { available: boolean } }) => renewal.available),
    ).toHaveLength(1);
  });

  test('a GET has no side effects: however often it is looked at, nothing is started', async () => {
    const id = await completed(OLD);
    const before = await rows();
    const entered = await producer.db('outbox').count('* as n');
    for (const target of [`/api/v1/exports/${id}`, '/api/v1/exports', `/api/v1/exports/${id}/renew`]) {
      await Promise.all([as('ana', target), as('ben', target), as('ana', target, 'HEAD')]);
    }
    expect([await rows(), await producer.db('outbox').count('* as n')]).toEqual([before, entered]);
    expect((await view(id)).renewal.available).toBe(true);
  });

  test('two views do not start the work twice: of many who ask at once, one starts it, all get it', async () => {
    const id = await completed(OLD);
    const before = await rows();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => renewing(id, index % 2 === 0 ? 'ana' : 'ben')),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(answers.filter(({ json }) => !json.joined)).toHaveLength(1);
    expect(await rows()).toBe(before + 1);
    const [first] = answers;
    expect(first?.json).toMatchObject({ renews: id, formats: ['csv'], state: 'waiting', generation: 1 });
    expect(await view(id)).toMatchObject({
      state: 'completed',
      renewal: { available: false, renewedBy: first?.json.id },
    });
  });

  test('keeps its outcome; what followed it is not repeated, and what is asked for follows', async () => {
    const id = await completed(OLD);
    const onSuccess = [{ task: 'log.info', args: { message: 'renewed' } }];
    const { json } = await renewing(id, 'ben', { onSuccess });
    const [row] = await producer.db('exports').where({ id: json.id });
    expect(row.on_success).toMatchObject(onSuccess);
    expect(row.on_success).toHaveLength(1);
    expect([row.requester.name, row.options]).toEqual([
      (await producer.db('users').where({ id: producer.users.ben }).first('name')).name,
      (await producer.db('exports').where({ id }).first('options')).options,
    ]);
    const without = await completed(OLD);
    const plain = await renewing(without);
    expect((await producer.db('exports').where({ id: plain.json.id }).first('on_success')).on_success).toEqual([]);
    expect((await renewing(without, 'ana', { onSuccess: [{ task: 'no.such' }] })).status).toBe(422);
  });

  test('is renewed again where the renewal came to nothing, and not where it is as good as a new one', async () => {
    const id = await completed(OLD);
    const first = (await renewing(id)).json.id;
    await decide(first, {}, 'failed');
    expect((await view(id)).renewal).toMatchObject({ available: true, renewedBy: first });
    const second = (await renewing(id)).json;
    expect(second).toMatchObject({ joined: false });
    expect(second.id).not.toBe(first);
    await decide(second.id, NOW);
    expect((await view(id)).renewal).toEqual({ available: false, steps: ['parties'], renewedBy: second.id });
    expect((await renewing(id)).json).toMatchObject({ id: second.id, joined: true });
    // A try of the first one again would be a second renewal under way.
    const third = await completed(OLD);
    const failed = (await renewing(third)).json.id;
    await decide(failed, {}, 'failed');
    await renewing(third);
    const again = await as('ana', `/api/v1/exports/${failed}/retry`, 'POST');
    expect([again.status, again.json.type]).toEqual([409, `${PUBLIC_URL}/problems/export-identical-running`]);
  });

  test('one that needs none is refused, and so is who may not see it or may not export', async () => {
    const current = await renewing(await completed(NOW));
    expect([current.status, current.json.type]).toEqual([409, `${PUBLIC_URL}/problems/renewal-not-needed`]);
    const id = await completed(OLD);
    expect((await renewing(id, 'eve')).status).toBe(404);
    await producer.db('projects').where({ slug: 'london-2' }).update({ archived: true });
    const archived = await renewing(id, 'ben');
    await producer.db('projects').where({ slug: 'london-2' }).update({ archived: false });
    expect([archived.status, archived.json.type]).toEqual([403, `${PUBLIC_URL}/problems/project-archived`]);
    await producer
      .db('exports')
      .where({ id })
      .update({ expires_at: new Date(Date.now() - 1000) });
    expect((await renewing(id)).status).toBe(409);
  });
});

describe('renewal by configuration', () => {
  /** The actions of one more producer. */
  function another(options: Parameters<typeof testWrites>[1] = {}): RenewExport {
    const db = producer.ownDb;
    const dependencies = {
      config: {
        PUBLIC_URL,
        TOKEN_KEYS,
        AUTH_SECRET: [AUTH_SECRET],
        SEAL_SECRET: [SEAL_SECRET],
        SIGNATURE_SECRET: [SIGNATURE_SECRET],
        TOKEN_HOURS: 12,
        EXPORT_DEADLINE_MINUTES: 60,
      },
      db,
      pipeline,
      tasks: createRegistry(),
      log: createLogger('test', 'silent'),
      metrics: createMetrics('producer'),
      writes: testWrites(db, options),
      relay: { run: async () => {} },
    } as Partial<Dependencies> as Dependencies;
    return exportActions(dependencies, new ReadExports(dependencies)).renew;
  }
  const renewals = (id: string) => producer.db('exports').where({ renews: id });

  test('starts what nobody has renewed, once, however many producers look', async () => {
    await producer.db('exports').update({ expires_at: new Date(Date.now() - 1000) });
    const outdated = await completed(OLD, { csv: { delimiter: ';' } });
    const current = await completed(NOW, { csv: { delimiter: '|' } });
    // Asked for anew in the same words since.
    const before = await completed(OLD, { csv: { delimiter: '\t' } });
    await completed(NOW, { csv: { delimiter: '\t' } });
    await Promise.all([another().round(), another().round(), another().round()]);
    const [renewal, ...more] = await renewals(outdated);
    expect(more).toEqual([]);
    expect(renewal).toMatchObject({ outcome: null, requester_id: producer.users.ana, on_success: [], on_failure: [] });
    expect([await renewals(current), await renewals(before)]).toEqual([[], []]);
    await decide(renewal.id, {}, 'failed');
    expect(await another().round()).toBe(0);
    const [note] = await producer.db('audit_log').where({ export_id: renewal.id, task: 'exports.renew' });
    expect(note).toMatchObject({ actor_kind: 'service', details: { did: 'created', renews: outdated } });
  });

  test('who is at their limit is passed over, and so is a project at its own; the others are not', async () => {
    await producer.db('exports').update({ expires_at: new Date(Date.now() - 1000) });
    const { ana, ben } = producer.users;
    const ofBen = await completed(OLD);
    await producer.db('exports').where({ id: ofBen }).update({ requester_id: ben });
    const elsewhere = await completed(OLD);
    await producer.db('exports').where({ id: elsewhere }).update({ project: 'london-20' });
    // More than one round begins, none of them in the words of another.
    const delimiters = [',', ';', '|', '\t'];
    for (const delimiter of delimiters) {
      for (const formats of [['csv'], ['csv', 'xlsx']]) await completed(OLD, { formats, csv: { delimiter } });
    }
    const open = () => producer.db('exports').where({ outcome: null }).orderBy('requester_id').select();
    const none = { inFlight: 0, perHour: 0 };
    const renew = another({ unmasked: false, limits: { person: { ...none, inFlight: 1 }, project: none } });
    expect(await renew.round()).toBe(2);
    expect((await open()).map((row) => row.requester_id).sort()).toEqual([ana, ben].sort());
    // They are not forgotten for that.
    await endOpen();
    expect(await renew.round()).toBe(1);
    await endOpen();
    const ofProject = another({ unmasked: false, limits: { person: none, project: { ...none, inFlight: 1 } } });
    expect(await ofProject.round()).toBe(2);
    expect((await open()).map((row) => row.project).sort()).toEqual(['london-2', 'london-20']);
    await endOpen();
    // The quota is a project's: what lies in it is as much as may.
    const [row] = await producer.db('exports').where({ id: ofBen });
    await producer.db('files').insert({
      ...{ export_id: row.id, generation: 1, name: 'b.zip', storage_key: 'b', media_type: 'application/zip' },
      ...{ bytes: 1024 * 1024, sha256: '', expires_at: row.expires_at, arrived_at: new Date() },
      ...{ owner_kind: 'project', owner_id: 'cadasta/london-2' },
    });
    const third = await completed(OLD);
    await producer.db('exports').where({ id: third }).update({ project: 'london-20' });
    await completed(OLD, { csv: { delimiter: ';' } });
    expect(await another({ unmasked: false, quota: { mb: 1 } }).round()).toBe(1);
    expect(await renewals(third)).toHaveLength(1);
  });

  test('what is pinned beyond its time is renewed as it is offered', async () => {
    await producer.db('exports').update({ expires_at: new Date(Date.now() - 1000) });
    const pinned = await completed(OLD);
    const past = { expires_at: new Date(Date.now() - 1000) };
    await producer.db('exports').where({ id: pinned }).update(past);
    expect(await another().round()).toBe(0);
    const pin = {
      pinned_until: 'infinity',
      pinned_at: new Date(),
      pinned_by: JSON.stringify({ id: 'a', name: 'Ana' }),
    };
    await producer.db('exports').where({ id: pinned }).update(pin);
    expect((await view(pinned)).renewal.available).toBe(true);
    expect(await another().round()).toBe(1);
    expect(await renewals(pinned)).toHaveLength(1);
  });

  test('ends where workers are of an older version: a renewal that changed nothing is not renewed by itself', async () => {
    await producer.db('exports').update({ expires_at: new Date(Date.now() - 1000) });
    const asked = await completed(OLD);
    expect(await another().round()).toBe(1);
    const [same] = await renewals(asked);
    await decide(same.id, OLD);
    expect(await another().round()).toBe(0);
    expect((await view(asked)).renewal).toMatchObject({ available: true, renewedBy: same.id });
    // One that did change something, by a version between, is.
    const other = await completed(OLD);
    expect(await another().round()).toBe(1);
    const [between] = await renewals(other);
    await decide(between.id, { ...OLD, parties: 'between' });
    expect(await another().round()).toBe(1);
    expect(await renewals(between.id)).toHaveLength(1);
  });

  test('does so with the rights that who asked has now', async () => {
    await producer.db('exports').update({ expires_at: new Date(Date.now() - 1000) });
    const { json } = await as('ben', path, 'POST', { formats: ['csv'] });
    await decide(json.id, OLD);
    const memberships = await producer.db('memberships').where({ user_id: producer.users.ben }).delete().returning('*');
    const renew = another();
    expect(await renew.round()).toBe(0);
    expect(await renewals(json.id)).toEqual([]);
    for (const { id: _, ...membership } of memberships) await producer.db('memberships').insert(membership);
    // It is not asked about again and again.
    expect(await renew.round()).toBe(0);
    expect(await another().round()).toBe(1);
  });
});
