/**
 * `npm run bench:streams`: what a thousand viewers of one export cost the producer and the database, and how soon each of them
 * is told of the end. Ends with an exit code other than 0 where one is not told within two seconds, or where viewers cost the
 * database more than one does.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { MockPlatform } from '../../support/mock-platform/settings.js';
import { spawnMockPlatform } from '../../support/mock-platform/spawn.js';
import { type Fleet, type Services, startFleet, startServices } from '../fleet.js';
import type { BenchEngine } from '../options.js';
import { cpuSeconds, peakMib, resetPeak } from '../process-usage.js';
import { mib, seconds, table, whole } from '../table.js';
import { type CountingProxy, startCountingProxy } from './counting-proxy.js';
import { watch } from './viewers.js';

const USAGE = `npm run bench:streams -- [options]
  --viewers 1000             connected event streams
  --engine redis,postgres    what carries the queues
  --parcels 20000            of the export that is watched (as many parties and relationships)
  --seconds 8                for so long is measured while it runs`;

/** Of its end every viewer is to be told within so many seconds. */
const WANTED_SECONDS = 2;
/** Statements a second that may come on top of what one viewer costs: rounds do not fall together. */
const MORE_STATEMENTS = 3;
/** Makes an export last: a slow platform costs the producer nothing. */
const LATENCY_MS = 1000;
const API_TOKEN = 'token-of-the-mock-platform';

interface Measured {
  engine: BenchEngine;
  viewers: number;
  statements: number;
  cpuShare: number | undefined;
  memory: number | undefined;
  events: number;
  /** Seconds until the first and the last viewer was told of the end; of none that was not told. */
  told: { first: number; last: number; lost: number };
}

const say = (line: string) => process.stdout.write(`${line}\n`);

async function run(args: string[]): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: {
      viewers: { type: 'string', default: '1000' },
      engine: { type: 'string', default: 'redis,postgres' },
      parcels: { type: 'string', default: '20000' },
      seconds: { type: 'string', default: '8' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    return true;
  }
  const [most, parcels, length] = [Number(values.viewers), Number(values.parcels), Number(values.seconds)];
  say(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`);
  const services = await startServices(say);
  const platform = await spawnMockPlatform({ parcels, latencyMs: LATENCY_MS, token: API_TOKEN });
  const measured: Measured[] = [];
  try {
    for (const engine of values.engine.split(',') as BenchEngine[]) {
      measured.push(...(await onEngine(services, platform, { engine, most, length })));
    }
  } finally {
    await platform.close();
    await services.stop();
  }
  say(`\n${shown(measured)}`);
  return judged(measured);
}

async function onEngine(
  services: Services,
  platform: MockPlatform,
  { engine, most, length }: { engine: BenchEngine; most: number; length: number },
): Promise<Measured[]> {
  let proxy: CountingProxy | undefined;
  const fleet = await startFleet(services, {
    engine,
    workers: 1,
    concurrency: undefined,
    profile: undefined,
    platformUrl: platform.url,
    producerEnv: async (url) => {
      proxy = await startCountingProxy(url);
      return { DATABASE_URL: proxy.url, EVENT_STREAMS: '100000', EVENT_STREAMS_PER_PERSON: '100000' };
    },
  });
  try {
    const measured: Measured[] = [];
    // The first export has everything compiled, and is not shown.
    for (const viewers of [1, 1, most]) {
      const one = { engine, ...(await watched(fleet, platform, proxy as CountingProxy, viewers, length)) };
      say(`${engine}, ${whole(viewers)} viewers: told of the end after ${seconds(one.told.last)}`);
      measured.push(one);
    }
    return measured.slice(1);
  } finally {
    await fleet.stop();
    proxy?.close();
  }
}

/** One export that so many watch: measured from when its platform begins to answer. */
async function watched(
  fleet: Fleet,
  platform: MockPlatform,
  proxy: CountingProxy,
  viewers: number,
  length: number,
): Promise<Omit<Measured, 'engine'>> {
  await platform.configure({ faults: [{ match: '/(parties|spatial|relationships)/', break: 'hold' }] });
  const answer = await fetch(`${fleet.url}/api/v1/organizations/bench/projects/watched/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${fleet.bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ formats: ['csv'], apiToken: API_TOKEN }),
  });
  if (answer.status !== 202) throw new Error(`the export was answered ${answer.status}: ${await answer.text()}`);
  const { id } = (await answer.json()) as { id: string };
  const { pid } = fleet.producer;
  const audience = watch(viewers, `${fleet.url}/api/v1/exports/${id}/events`, fleet.bearer);
  await audience.connected;
  await platform.release();
  await resetPeak(pid);
  const [begun, statements, used, events] = [
    performance.now(),
    proxy.statements(),
    await cpuSeconds([pid]),
    audience.events(),
  ];
  await new Promise((done) => setTimeout(done, length * 1000));
  const time = (performance.now() - begun) / 1000;
  const usedNow = await cpuSeconds([pid]);
  const [row] = await fleet.db('exports').where({ id }).select('outcome');
  if (row.outcome !== null) throw new Error('the export was done before it was measured: give it more --parcels');
  const sent = { statements: proxy.statements() - statements, events: audience.events() - events };
  const ends = await audience.ends;
  const memory = await peakMib(pid);
  const [decided] = await fleet
    .db('exports')
    .where({ id })
    .select('outcome', fleet.db.raw('clock_timestamp() - decided_at as ago'));
  const looked = performance.now();
  if (decided.outcome !== 'completed') throw new Error(`export ${id} ended ${decided.outcome}`);
  const decidedAt = looked - (decided.ago.seconds ?? 0) * 1000 - (decided.ago.milliseconds ?? 0);
  const told = ends.flatMap((end) => (end?.state === 'completed' ? (end.at - decidedAt) / 1000 : []));
  return {
    viewers,
    statements: sent.statements / time,
    cpuShare: used === undefined || usedNow === undefined ? undefined : (usedNow - used) / time,
    memory,
    events: sent.events / time,
    told: { first: Math.min(...told), last: Math.max(...told), lost: viewers - told.length },
  };
}

function shown(measured: readonly Measured[]): string {
  const percent = (share: number | undefined) => (share === undefined ? '?' : `${Math.round(share * 100)} %`);
  return table(
    ['queues', 'viewers', 'statements/s', 'events/s', 'processor', 'memory', 'end: first', 'end: last', 'not told'],
    measured.map(({ engine, viewers, statements, events, cpuShare, memory, told }) => [
      engine,
      whole(viewers),
      statements.toFixed(1),
      events.toFixed(0),
      percent(cpuShare),
      mib(memory),
      seconds(told.first),
      seconds(told.last),
      whole(told.lost),
    ]),
  );
}

/** Says what is not as it should be. */
function judged(measured: readonly Measured[]): boolean {
  const faults = measured.flatMap((one) => {
    const alone = measured.find(({ engine, viewers }) => engine === one.engine && viewers === 1);
    return [
      ...(one.told.lost > 0 ? [`${one.engine}: ${one.told.lost} viewers were never told of the end`] : []),
      ...(one.told.last > WANTED_SECONDS
        ? [`${one.engine}: a viewer was told only after ${seconds(one.told.last)}`]
        : []),
      ...(alone && one.statements > alone.statements * 1.2 + MORE_STATEMENTS
        ? [
            `${one.engine}: ${one.viewers} viewers cost ${one.statements.toFixed(1)} statements/s, one ${alone.statements.toFixed(1)}`,
          ]
        : []),
    ];
  });
  for (const fault of faults) say(`NOT AS WANTED: ${fault}`);
  if (faults.length === 0)
    say(`Every viewer was told within ${WANTED_SECONDS} s, and viewers cost the database nothing.`);
  return faults.length === 0;
}

// Ends by `exit`, so that nothing that was started stays.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  if (!(await run(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  process.stderr.write(
    `The bench failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
