/** Exports of cadasta/london-2 in every state that its page knows, written into the database of a producer without a worker. */
import { randomUUID } from 'node:crypto';
import { FileService } from '@parcelpost/shared/db/services/files.js';
import { projectOwner } from '@parcelpost/shared/files/owner.js';
import { projectId, send, type TestProducer, unlikeOthers } from './producer.js';

const HOUR_MS = 3_600_000;
const sha256 = '0123456789abcdef'.repeat(4);

export const PLANTED = [
  'waiting',
  'reading',
  'writing',
  'cancelling',
  'completed',
  'outdated',
  'partial',
  'failed',
  'cancelled',
  'expired',
] as const;
export type PlantedState = (typeof PLANTED)[number];

/** Plants one of each, asked for by Ben. Returns their ids. */
export async function plantExports(producer: TestProducer): Promise<Record<PlantedState, string>> {
  const ids = {} as Record<PlantedState, string>;
  for (const state of PLANTED) ids[state] = await new Planted(producer, await asked(producer)).become(state);
  // Whatever was not begun would wait in one queue.
  await producer.db('exports').whereNot({ id: ids.waiting }).update({ waiting_since: null });
  return ids;
}

async function asked(producer: TestProducer): Promise<string> {
  const { json } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
    method: 'POST',
    headers: producer.bearer(producer.users.ben),
    body: unlikeOthers({ outputType: 'shp' }),
  });
  return json.id;
}

class Planted {
  constructor(
    readonly producer: TestProducer,
    readonly id: string,
  ) {}

  async become(state: PlantedState): Promise<string> {
    const cancelled = { code: 'cancelled', message: 'Cancelled by Ben.', step: null, shard: null, attempts: 1 };
    if (state === 'waiting') return this.id;
    await this.#row({ started_at: new Date(Date.now() - 90_000), phase: 'reading' });
    await this.#jobs(state);
    switch (state) {
      case 'reading':
        break;
      case 'writing':
        await this.#row({ phase: 'writing' });
        break;
      case 'cancelling':
        await this.#row({ abort: JSON.stringify(cancelled) });
        break;
      case 'failed':
        await this.#decide('failed', {
          parts_until: new Date(Date.now() + HOUR_MS),
          error: JSON.stringify({
            code: 'platform-unavailable',
            message: 'The platform answered 503 to GET /api/v1/organizations/cadasta/projects/london-2/parties/.',
            step: 'parties',
            shard: 2,
            attempts: 8,
          }),
        });
        break;
      case 'cancelled':
        await this.#decide('cancelled', { error: JSON.stringify(cancelled) });
        break;
      default:
        await this.#bundle(state);
    }
    return this.id;
  }

  async #jobs(state: PlantedState): Promise<void> {
    const at = { started_at: new Date(Date.now() - 80_000) };
    const done = { ...at, state: 'done', finished_at: new Date(Date.now() - 40_000) };
    const now = state === 'reading' || state === 'cancelling' || state === 'failed' ? { ...at, state: 'active' } : done;
    const of = (kind: string, step: string, shard: number, more: object) => ({
      export_id: this.id,
      generation: 1,
      kind,
      step,
      shard,
      ...more,
    });
    const maps = ['parties', 'relationships', 'locations'].flatMap((step) => [
      of('map', step, 0, { ...done, rows: 2500, rows_expected: 2500 }),
      of('map', step, 1, { ...now, rows: 1200, rows_expected: 2500 }),
    ]);
    const reduces = ['parties.csv', 'shapefiles.polygons'].map((step, index) =>
      of('reduce', step, 0, index === 0 ? done : { ...at, state: 'active' }),
    );
    await this.producer.db('export_jobs').insert([of('plan', 'plan', 0, done), ...maps]);
    if (state === 'writing') await this.producer.db('export_jobs').insert(reduces);
  }

  /** The results, whole or not, and what followed. */
  async #bundle(state: PlantedState): Promise<void> {
    const { db } = this.producer;
    const expiresAt = new Date(Date.now() + (state === 'expired' ? -HOUR_MS : 24 * HOUR_MS));
    const contents = ['locations.csv', 'parties.csv', 'relationships.csv', 'polygons.shp', 'README.txt'].map(
      (name) => ({
        name,
        rows: name.endsWith('.txt') ? null : 12_345,
        bytes: 98_765,
        sha256,
      }),
    );
    await new FileService(db).insert(
      db,
      {
        exportId: this.id,
        generation: 1,
        name: 'cadasta-london-2-a-name-of-some-length-as-people-give-them.zip',
        storageKey: `planted/${this.id}`,
        mediaType: 'application/zip',
        bytes: 1_234_567,
        sha256,
        contents,
        expiresAt,
      },
      projectOwner({ organization: 'cadasta', project: 'london-2' }),
    );
    const part = { code: 'platform-unavailable', message: 'The platform answered 503.', step: 'parties', attempts: 8 };
    const missing = state === 'partial' ? [0, 3].map((shard) => ({ ...part, shard, rowsExpected: 2500 })) : [];
    const warnings = [
      '3 locations have no geometry.',
      'attributes.occupants is a number in some records and a text in others.',
    ];
    const steps = state === 'outdated' ? { steps: { parties: 'older' } } : {};
    await this.#decide(state === 'partial' ? 'partial' : 'completed', {
      expires_at: expiresAt,
      result: JSON.stringify({ warnings, missing, ...steps }),
    });
    const row = { export_id: this.id, generation: 1, hook: 'onSuccess', position: 0 };
    const chain = randomUUID();
    const step = { ...row, parent_id: chain, role: 'step' };
    const error = JSON.stringify({ code: 'webhook-gone', message: 'It answered 410.' });
    await db('outbox').insert([
      { ...row, id: chain, place: 'onSuccess/0', task: 'canvas.chain', kind: 'chain', state: 'failed' },
      { ...step, id: randomUUID(), place: 'onSuccess/0/chain/0', task: 'msg.email', state: 'done', attempts: 1 },
      {
        ...step,
        id: randomUUID(),
        place: 'onSuccess/0/chain/1',
        task: 'webhook.post',
        state: 'failed',
        attempts: 3,
        error,
      },
    ]);
  }

  #decide(outcome: string, more: object) {
    return this.#row({ outcome, phase: 'decided', decided_at: new Date(), ...more });
  }

  #row(changes: object) {
    return this.producer.db('exports').where({ id: this.id }).update(changes);
  }
}

/** Gives cadasta/london-2 parcels that a map can be drawn of. */
export async function plantParcels(producer: TestProducer, count = 300): Promise<void> {
  const project_id = await projectId(producer.db, 'london-2');
  const ring = (x: number, y: number) => [
    [x, y],
    [x + 0.001, y],
    [x + 0.001, y + 0.0008],
    [x, y + 0.0008],
    [x, y],
  ];
  const units = Array.from({ length: count }, (_, place) => {
    const coordinates = [ring(-0.1 + (place % 30) * 0.0012, 51.5 + Math.floor(place / 30) * 0.001)];
    return { project_id, id: `s${place}`, type: 'PA', geometry: JSON.stringify({ type: 'Polygon', coordinates }) };
  });
  await producer.db('spatial_units').insert(units);
}
