/**
 * Another platform, for tests and the bench: it has the same lists as ours, but by limit and offset alone, tells neither counts
 * nor schemas with the project, and goes wrong on demand. `POST /_control/<method>` drives it from another process.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ENTITIES, ENTITY_PATHS, type Entity } from '@parcelpost/shared/records.js';
import { Dataset } from './dataset.js';
import { DEFAULT_SETTINGS, type Fault, type MockPlatform, type Settings } from './settings.js';

interface ActiveFault extends Fault {
  pattern: RegExp;
  seen: number;
}

interface Reply {
  status: number;
  /** The body, in pieces. */
  parts: (string | Buffer)[];
}

interface Waiter {
  match: RegExp;
  count: number;
  resolve: () => void;
}

const PROJECT = /^\/api\/v1\/organizations\/([^/]+)\/projects\/([^/]+)\/(.*)$/;
const DEFAULT_LIMIT = 100;

/** Starts a mock platform in this process, on a free port of the loopback. */
export async function startMockPlatform(settings: Partial<Settings> = {}): Promise<MockPlatform> {
  const platform = new Platform();
  await platform.configure(settings);
  const server = createServer((request, response) => {
    platform.handle(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.keepAliveTimeout = 30_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  platform.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  platform.close = async () => {
    await platform.release();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return platform;
}

class Platform implements MockPlatform {
  url = '';
  close: () => Promise<void> = async () => {};
  #settings: Settings = DEFAULT_SETTINGS;
  #faults: ActiveFault[] = [];
  #requests: string[] = [];
  #waiters: Waiter[] = [];
  #held: (() => void)[] = [];
  readonly #datasets = new Map<string, Dataset>();

  async configure(settings: Partial<Settings>): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    if (settings.faults) {
      this.#faults = settings.faults.map((fault) => ({ ...fault, pattern: new RegExp(fault.match), seen: 0 }));
    }
    // Pages are made beforehand: nothing of this is to be measured with the first request.
    for (const parcels of [this.#settings.parcels, ...Object.values(this.#settings.projects)]) this.#dataset(parcels);
  }

  async requests(): Promise<string[]> {
    return [...this.#requests];
  }

  async forget(): Promise<void> {
    this.#requests = [];
  }

  waitForRequests(match: string, count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ match: new RegExp(match), count, resolve });
      this.#wake();
    });
  }

  async release(): Promise<void> {
    this.#faults = this.#faults.filter((fault) => fault.break !== 'hold');
    for (const go of this.#held.splice(0)) go();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    if (target.startsWith('/_control/')) return this.#control(target, request, response);
    this.#requests.push(target);
    this.#wake();
    const fault = this.#faultFor(target);
    const pause = this.#settings.latencyMs + (fault?.delayMs ?? 0);
    if (pause > 0) await delay(pause);
    if (fault?.break === 'hold') await new Promise<void>((resolve) => this.#held.push(resolve));
    if (fault?.break === 'reset') {
      request.socket.destroy();
      return;
    }
    const reply =
      fault?.status === undefined
        ? this.#reply(target, request, fault)
        : problem(fault.status, `the mock platform was told to answer ${fault.status}`);
    send(response, reply, fault);
  }

  #faultFor(target: string): Fault | undefined {
    let hit: Fault | undefined;
    for (const fault of this.#faults) {
      if (!fault.pattern.test(target)) continue;
      const number = ++fault.seen;
      const from = fault.from ?? 1;
      if (number >= from && number < from + (fault.times ?? Number.POSITIVE_INFINITY)) hit ??= fault;
    }
    return hit;
  }

  #reply(target: string, request: IncomingMessage, fault: Fault | undefined): Reply {
    const { token } = this.#settings;
    const given = /^TmpToken (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined || (token !== null && given !== token)) return problem(401, 'no valid TmpToken');
    const url = new URL(target, `http://${request.headers.host}`);
    const [, organization, project, rest] = PROJECT.exec(url.pathname) ?? [];
    if (organization === undefined || project === undefined) return problem(404, 'no such address');
    if (rest === '') return { status: 200, parts: [JSON.stringify(projectAnswer(organization, project))] };
    const entity = ENTITIES.find((name) => ENTITY_PATHS[name] === rest);
    if (!entity) return problem(404, 'no such list');
    const size = this.#settings.projects[`${organization}/${project}`] ?? this.#settings.parcels;
    return { status: 200, parts: this.#page(this.#dataset(size), entity, url, fault) };
  }

  #page(dataset: Dataset, entity: Entity, url: URL, fault: Fault | undefined): (string | Buffer)[] {
    const limit = Math.min(
      Number(url.searchParams.get('limit') ?? DEFAULT_LIMIT),
      this.#settings.maxLimit ?? Number.POSITIVE_INFINITY,
    );
    const offset = Number(url.searchParams.get('offset') ?? 0);
    const { records, count } = dataset.page(entity, offset - (fault?.shift ?? 0), limit);
    const origin = fault?.break === 'foreign-next' ? (fault.foreign ?? 'http://elsewhere.example') : url.origin;
    const base = origin + url.pathname;
    const link = (to: number) => `"${base}?limit=${limit}&offset=${to}"`;
    const next = offset + limit < count ? link(offset + limit) : 'null';
    const previous = offset > 0 ? link(Math.max(0, offset - limit)) : 'null';
    const head = `{"count":${count},"next":${next},"previous":${previous},"results":`;
    if (fault?.break === 'wrong-shape') return [head, '"none"}'];
    if (entity === 'locations') return [`${head}{"type":"FeatureCollection","features":[`, records, ']}}'];
    return [`${head}[`, records, ']}'];
  }

  #dataset(parcels: number): Dataset {
    const key = `${parcels} ${this.#settings.geometries}`;
    let dataset = this.#datasets.get(key);
    if (!dataset) {
      dataset = new Dataset(parcels, this.#settings.geometries);
      this.#datasets.set(key, dataset);
    }
    return dataset;
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter(({ match, count, resolve }) => {
      if (this.#requests.filter((request) => match.test(request)).length < count) return true;
      resolve();
      return false;
    });
  }

  async #control(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const [first, second] = JSON.parse(text || '[]') as unknown[];
    const methods: Record<string, () => Promise<unknown>> = {
      configure: () => this.configure(first as Partial<Settings>),
      requests: () => this.requests(),
      forget: () => this.forget(),
      waitForRequests: () => this.waitForRequests(String(first), Number(second)),
      release: () => this.release(),
    };
    const method = methods[target.slice('/_control/'.length)];
    if (!method) {
      response.writeHead(404).end();
      return;
    }
    const value = (await method()) ?? null;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  }
}

function projectAnswer(organization: string, project: string) {
  const words = (slug: string) => decodeURIComponent(slug).replaceAll('-', ' ');
  return {
    id: `id-of-${project}`,
    slug: project,
    name: `Project ${words(project)}`,
    organization: { slug: organization, name: `Organization ${words(organization)}` },
    description: 'Made up for tests',
    country: 'TZ',
    access: 'private',
    archived: false,
  };
}

const problem = (status: number, detail: string): Reply => ({ status, parts: [JSON.stringify({ detail })] });

function send(response: ServerResponse, { status, parts }: Reply, fault: Fault | undefined): void {
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  const headers = {
    'content-type': status === 200 ? 'application/json' : 'application/problem+json',
    ...fault?.headers,
  };
  if (fault?.break === 'not-json' || fault?.break === 'truncated') {
    const half = Buffer.concat(parts.map((part) => Buffer.from(part))).subarray(0, length >> 1);
    const whole = fault.break === 'not-json';
    response.writeHead(status, { ...headers, 'content-length': whole ? half.length : length });
    response.write(half, () => (whole ? response.end() : response.destroy()));
    return;
  }
  response.writeHead(status, { ...headers, 'content-length': length });
  response.cork();
  for (const part of parts) response.write(part);
  response.end();
}
