/** The deployment files give every process the variables that it demands, and no secret that it has no use for. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readDatabaseConfig, readOpsConfig, readProducerConfig, readWorkerConfig } from '@parcelpost/shared/config.js';
import { BUILT_IN_REGISTRY } from '@parcelpost/shared/signatures/registry.js';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { SECRETS_OF } from './services/secrets.js';

const FOLDER = new URL('../', import.meta.url);
const file = (path: string) => readFileSync(new URL(path, FOLDER), 'utf8');
const SECRET = 'a secret of more than thirty-two characters';

/** Lines of `NAME=value`; what has no value gets one that a person would fill in. */
function envFile(text: string, fill: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z_]+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', value = ''] = [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)];
      return [name, value || (/SECRET|PASSWORD/.test(name) ? fill : '')];
    }),
  );
}

describe('docker compose', () => {
  const given = envFile(file('docker/env.example'), SECRET);
  const used = new Set<string>();
  const substitute = (text: string) =>
    text.replace(/\$\{(\w+)(?::[-?]([^}]*))?\}/g, (_, name: string, instead: string) => {
      used.add(name);
      return given[name] || (instead ?? '');
    });
  /** As compose does it: in the values, once they are read. */
  const substituted = (value: unknown): unknown => {
    if (typeof value === 'string') return substitute(value);
    if (Array.isArray(value)) return value.map(substituted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substituted(item)]));
  };
  const { services } = substituted(parse(file('docker/compose.yaml'), { merge: true })) as {
    services: Record<string, { environment: Record<string, string>; command?: string[]; entrypoint?: string[] }>;
  };
  const environment = (service: string) => services[service]?.environment ?? {};

  it.each([
    ['producer', readProducerConfig],
    ['worker', readWorkerConfig],
    ['migrate', readDatabaseConfig],
    ['ops', readOpsConfig],
  ])('%s starts with what it is given', (service, read) => {
    expect(() => read(environment(service))).not.toThrow();
  });

  it('what is to be filled in is used, and what is used is to be filled in', () => {
    const optional = ['LOG_LEVEL'];
    expect([...used].filter((name) => !optional.includes(name)).toSorted()).toEqual(Object.keys(given).toSorted());
  });

  it('each has the secrets that it needs and no other', () => {
    const secrets = (service: string) => Object.keys(environment(service)).filter((name) => name.endsWith('_SECRET'));
    expect(secrets('producer').toSorted()).toEqual([...SECRETS_OF.producer, 'OIDC_CLIENT_SECRET'].toSorted());
    expect(secrets('worker').toSorted()).toEqual([...SECRETS_OF.worker].toSorted());
    expect(secrets('ops')).toEqual([]);
  });

  it('each connects to the database as its own role, with the password that the role was given', () => {
    const user = (service: string) => new URL(environment(service).DATABASE_URL ?? '').username;
    const roles = { migrate: 'owner', producer: 'producer', worker: 'worker', ops: 'producer' };
    for (const [service, role] of Object.entries(roles)) {
      expect([service, user(service)]).toEqual([service, `parcelpost_${role}`]);
      expect(environment('roles').PGOPTIONS).toContain(`-c parcelpost.${role}_password=`);
    }
    expect(environment('roles')).not.toHaveProperty('DATABASE_URL');
    expect(file('sql/roles.sql')).toContain("format('parcelpost.%s_password', role)");
  });

  it('every command is one that is built', () => {
    for (const { command = [], entrypoint = [] } of Object.values(services)) {
      for (const path of [...command, ...entrypoint].filter((word) => word.endsWith('.js'))) {
        expect(() =>
          readFileSync(new URL(`../${path.replace('/dist/', '/src/').replace(/\.js$/, '.ts')}`, FOLDER)),
        ).not.toThrow();
      }
    }
  });
});

describe('kubernetes', () => {
  const base = 'kubernetes/base/';
  const settings = envFile(file(`${base}app.env`), SECRET);
  /** The keys of each secret, as the comment of app.env lists them. */
  const secretKeys = (name: string) =>
    new RegExp(`^# {3}${name} +(.*)$`, 'm').exec(file(`${base}app.env`))?.[1]?.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? [];
  const value = (key: string) =>
    ({ DATABASE_URL: 'postgres://db/parcelpost', QUEUE_URL: 'redis://redis', SMTP_URL: 'smtp://mail' })[key] ?? SECRET;

  interface Container {
    name: string;
    envFrom: { configMapRef?: object; secretRef?: { name: string } }[];
    env?: { name: string; value: string }[];
  }
  const container = (path: string, which: 'initContainers' | 'containers' = 'containers'): Container => {
    const documents = parseAllDocuments(file(path), { merge: true }).map((document) => document.toJS());
    return documents.find(({ kind }) => kind === 'Deployment').spec.template.spec[which][0];
  };
  const environment = ({ envFrom, env = [] }: Container) => ({
    ...settings,
    ...Object.fromEntries(
      envFrom.flatMap(({ secretRef }) =>
        secretRef ? secretKeys(secretRef.name).map((key) => [key, value(key)] as const) : [],
      ),
    ),
    ...Object.fromEntries(env.map((one) => [one.name, one.value])),
  });

  it.each([
    ['producer', `${base}producer.yaml`, readProducerConfig],
    ['worker', `${base}worker/worker.yaml`, readWorkerConfig],
  ] as const)('%s starts with what it is given, and holds no other secret than its own', (kind, path, read) => {
    const given = environment(container(path));
    expect(() => read(given)).not.toThrow();
    const secrets = Object.keys(given).filter((name) => name.endsWith('_SECRET'));
    expect(secrets.toSorted()).toEqual([...SECRETS_OF[kind]].toSorted());
  });

  it.each([`${base}producer.yaml`, `${base}worker/worker.yaml`])(
    '%s gives what owns the tables to the migration alone',
    (path) => {
      const holds = (which: 'initContainers' | 'containers') => {
        const { name, envFrom } = container(path, which);
        const secrets = envFrom.flatMap(({ secretRef }) => secretRef?.name ?? []);
        return { name, owner: secrets.includes('parcelpost-migrate'), common: secretKeys('parcelpost') };
      };
      expect(holds('initContainers')).toMatchObject({ name: 'migrate', owner: true });
      expect(holds('containers').owner).toBe(false);
      expect(holds('containers').common).not.toContain('DATABASE_URL');
      expect(secretKeys('parcelpost-migrate')).toEqual(['DATABASE_URL']);
    },
  );

  it('the split roles together listen to every queue that a worker listens to by itself', () => {
    const patches = [
      'kubernetes/split-roles/kustomization.yaml',
      'kubernetes/split-roles/follow-ups/kustomization.yaml',
    ]
      .flatMap((path) => (parse(file(path)) as { patches: { patch: string }[] }).patches)
      .flatMap(({ patch }) => parse(patch) as { value: { name?: string; value: string } | string }[])
      .map(({ value }) => value)
      .filter(
        (value): value is { name: string; value: string } =>
          typeof value === 'object' && value.name === 'WORKER_QUEUES',
      );
    const worker = container(`${base}worker/worker.yaml`);
    const queuesOf = (env: Record<string, string>) =>
      readWorkerConfig({ ...environment(worker), ...env }).WORKER_QUEUES ?? BUILT_IN_REGISTRY.queues;
    const split = patches.flatMap((one) => queuesOf({ WORKER_QUEUES: one.value }));
    expect(split.toSorted()).toEqual(queuesOf({}).toSorted());
  });

  it('every file that a kustomization names is there', () => {
    const folder = fileURLToPath(new URL('kubernetes', FOLDER));
    const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const kustomizations = all.filter((path) => path.endsWith('kustomization.yaml'));
    expect(kustomizations.length).toBe(4);
    for (const path of kustomizations) {
      const { resources } = parse(file(`kubernetes/${path}`)) as { resources: string[] };
      for (const resource of resources) {
        const found = new URL(resource, new URL(`kubernetes/${path}`, FOLDER));
        const target = resource.endsWith('.yaml') ? found : new URL(`${found.href}/kustomization.yaml`);
        expect(() => readFileSync(target)).not.toThrow();
      }
    }
  });
});
