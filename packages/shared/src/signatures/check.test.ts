import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveSignatures, validateSignatures } from './check.js';
import { walk } from './place.js';
import { BUILT_IN_REGISTRY, createRegistry, defineTask } from './registry.js';
import { signatureSchema } from './schema.js';
import type { Signature, TaskSignature } from './signature.js';

const signature = (task: string, args: Record<string, unknown> = {}) =>
  signatureSchema.parse({ task, args }) as TaskSignature;
const parse = (...list: object[]): Signature[] => list.map((one) => signatureSchema.parse(one));
const pointers = (list: Signature[], registry = BUILT_IN_REGISTRY) =>
  validateSignatures(list, '/onSuccess', registry).map((error) => error.pointer);
const complaint = (task: string, args: Record<string, unknown>) =>
  validateSignatures([signature(task, args)], '/onFailure', BUILT_IN_REGISTRY)[0];
const argsOf = (list: Signature[]) => list.map((one) => ('task' in one ? one.args : undefined));

describe('signatures that are well', () => {
  it.each([
    ['msg.email', {}],
    ['msg.email', { to: 'ana@example.org' }],
    ['msg.email', { to: ['ana@example.org', "o'neil+maps@sub.example.co"], subject: 'Los límites están listos' }],
    ['webhook.post', { url: 'https://example.org/hook?a=b', note: 'línea 1\nlínea 2' }],
    ['webhook.post', { url: 'http://[2001:db8::1]:8080/' }],
    ['webhook.post', { url: 'HTTPS://example.org?a=b@c' }],
    ['log.info', {}],
    ['log.info', { message: 'done\n' }],
    ['export.project', { project: 'london-2', request: { outputType: 'shp' } }],
    ['export.project', { organization: 'o', project: 'p', request: { formats: ['csv'], allowPartial: true } }],
  ])('takes %s with %j', (task, args) => {
    expect(pointers([signature(task, args)])).toEqual([]);
  });
});

describe('signatures that are wrong name the exact field', () => {
  it('an unknown task of a known queue, and an unknown queue, are told apart', () => {
    const errors = validateSignatures(
      [signature('msg.email'), signature('msg.fax'), signature('sms.send')],
      '/onSuccess',
      createRegistry({ routes: ['gis'] }),
    );
    expect(errors).toEqual([
      {
        pointer: '/onSuccess/1/task',
        detail: 'unknown task msg.fax; known are export.project, log.info, msg.email, webhook.post',
      },
      {
        pointer: '/onSuccess/2/task',
        detail: 'unknown queue sms in task sms.send; known queues are export, gis, log, msg, webhook',
      },
    ]);
  });

  it.each([
    [{ to: 'not an address' }, '/onFailure/0/args/to'],
    [{ to: '' }, '/onFailure/0/args/to'],
    [{ to: [] }, '/onFailure/0/args/to'],
    [{ to: ['ana@example.org', 'ben'] }, '/onFailure/0/args/to/1'],
    [{ to: ['ana@example.org', 7] }, '/onFailure/0/args/to/1'],
    [{ to: 7 }, '/onFailure/0/args/to'],
    [{ to: null }, '/onFailure/0/args/to'],
    [{ to: Array.from({ length: 21 }, (_, n) => `p${n}@example.org`) }, '/onFailure/0/args/to'],
    [{ to: 'ana@example.org\r\nBcc: eve@example.org' }, '/onFailure/0/args/to'],
    [{ to: 'ana@example.org, eve@example.org' }, '/onFailure/0/args/to'],
    [{ to: 'Ana <ana@example.org>' }, '/onFailure/0/args/to'],
    [{ to: `${'a'.repeat(250)}@example.org` }, '/onFailure/0/args/to'],
    [{ subject: 'one\r\nBcc: eve@example.org' }, '/onFailure/0/args/subject'],
    [{ subject: 'one\u2028two' }, '/onFailure/0/args/subject'],
    [{ subject: '   ' }, '/onFailure/0/args/subject'],
    [{ subject: 'x'.repeat(201) }, '/onFailure/0/args/subject'],
    [{ 'a/b~c': true }, '/onFailure/0/args/a~1b~0c'],
  ])('msg.email refuses %j at %s', (args, pointer) => {
    expect(complaint('msg.email', args)?.pointer).toBe(pointer);
  });

  it.each([
    [{}, '/onFailure/0/args/url'],
    [{ url: 'example.org/hook' }, '/onFailure/0/args/url'],
    [{ url: 'ftp://example.org/' }, '/onFailure/0/args/url'],
    [{ url: 'file:///etc/passwd' }, '/onFailure/0/args/url'],
    [{ url: 'https://user:secret@example.org/' }, '/onFailure/0/args/url'],
    [{ url: 'https://user@example.org/' }, '/onFailure/0/args/url'],
    [{ url: 'https:example.org' }, '/onFailure/0/args/url'],
    [{ url: 'https://example.org\\@evil.example' }, '/onFailure/0/args/url'],
    [{ url: ' https://example.org/' }, '/onFailure/0/args/url'],
    [{ url: 'https://example.org:99999/' }, '/onFailure/0/args/url'],
    [{ url: `https://example.org/${'x'.repeat(2048)}` }, '/onFailure/0/args/url'],
    [{ url: 'https://example.org/', note: 5 }, '/onFailure/0/args/note'],
    [{ url: 'https://example.org/', headers: {} }, '/onFailure/0/args/headers'],
  ])('webhook.post refuses %j at %s', (args, pointer) => {
    const error = complaint('webhook.post', args);
    expect(error?.pointer).toBe(pointer);
    expect(error?.detail).not.toContain('secret');
  });

  it('says what is wanted in words', () => {
    expect(complaint('msg.email', { to: 'x' })?.detail).toBe('must be an e-mail address such as ana@example.org');
    expect(complaint('msg.email', { to: 7 })?.detail).toBe('must be of type string or array');
  });

  it('reports every wrong signature of a list, not the first alone', () => {
    expect(
      pointers([signature('msg.email', { to: 'x', foo: 1 }), signature('msg.email'), signature('webhook.post')]),
    ).toEqual(['/onSuccess/0/args/to', '/onSuccess/0/args/foo', '/onSuccess/2/args/url']);
  });

  it.each([
    [{}, '/onFailure/0/args/project'],
    [{ project: '', request: { outputType: 'shp' } }, '/onFailure/0/args/project'],
    [{ project: '..', request: { outputType: 'shp' } }, '/onFailure/0/args/project'],
    [{ project: 'a/b', request: { outputType: 'shp' } }, '/onFailure/0/args/project'],
    [{ organization: 'a\nb', project: 'p', request: { outputType: 'shp' } }, '/onFailure/0/args/organization'],
    [{ project: 'p' }, '/onFailure/0/args/request'],
    [{ project: 'p', request: {} }, '/onFailure/0/args/request/outputType'],
    [{ project: 'p', request: { outputType: 'shp', onSuccess: [{}] } }, '/onFailure/0/args/request/onSuccess/0'],
    [{ project: 'p', request: { outputType: 'shp' }, prepared: {} }, '/onFailure/0/args/prepared'],
  ])('export.project refuses %j at %s', (args, pointer) => {
    expect(complaint('export.project', args)?.pointer).toBe(pointer);
  });

  it('a task named like something every object has is unknown', () => {
    const odd = { ...signature('msg.email'), task: 'constructor' };
    expect(pointers([odd, { ...odd, task: '__proto__' }])).toEqual(['/onSuccess/0/task', '/onSuccess/1/task']);
  });

  it('at any place of a canvas, those of next exports included', () => {
    const wrong = { task: 'msg.email', args: { to: 'x' } };
    const list = parse(
      { chain: [{ task: 'log.info', onFailure: [wrong] }, { group: [wrong] }] },
      { chord: [{ task: 'log.info' }, wrong], body: { ...wrong, args: { foo: 1 } }, onSuccess: [{ task: 'msg.fax' }] },
      {
        task: 'export.project',
        args: { project: 'p', request: { outputType: 'shp', onFailure: [{ group: [wrong] }] } },
      },
    );
    expect(pointers(list)).toEqual([
      '/onSuccess/0/chain/0/onFailure/0/args/to',
      '/onSuccess/0/chain/1/group/0/args/to',
      '/onSuccess/1/chord/1/args/to',
      '/onSuccess/1/body/args/foo',
      '/onSuccess/1/onSuccess/0/task',
      '/onSuccess/2/args/request/onFailure/0/group/0/args/to',
    ]);
  });
});

describe('resolving', () => {
  const context = { requester: { email: 'ana@example.org' } };
  const resolve = (list: Signature[], registry = BUILT_IN_REGISTRY) =>
    resolveSignatures(list, 'onSuccess', context, registry);

  it('gives msg.email without `to` the requester, and leaves a given `to` alone', () => {
    const list = [signature('msg.email'), signature('msg.email', { to: 'ben@example.org', subject: 'S' })];
    expect(argsOf(resolve(list))).toEqual([{ to: ['ana@example.org'] }, { to: ['ben@example.org'], subject: 'S' }]);
  });

  it('sends to an address named twice once, and keeps options, order and immutability', () => {
    const twice = signature('msg.email', { to: ['b@example.org', 'a@example.org', 'b@example.org'] });
    const list = [
      { ...twice, options: { attempts: 3 } },
      { ...signature('log.info'), immutable: true },
    ];
    expect(resolve(list)).toMatchObject([
      { task: 'msg.email', args: { to: ['b@example.org', 'a@example.org'] }, options: { attempts: 3 } },
      { task: 'log.info', args: {}, options: {}, immutable: true },
    ]);
  });

  it('reaches every call of a canvas and of the requests of next exports, and changes nothing else', () => {
    const list = parse(
      { chord: [{ task: 'msg.email' }], body: { task: 'log.info', onFailure: [{ task: 'msg.email' }] }, version: 1 },
      {
        task: 'export.project',
        args: { project: 'p', request: { outputType: 'shp', onFailure: [{ task: 'msg.email' }] } },
      },
    );
    const resolved = resolve(list);
    const places = (signatures: Signature[]) => [...walk(signatures, 'onSuccess')].map(([place]) => place);
    expect(places(resolved)).toEqual(places(list));
    const mails = [...walk(resolved, 'onSuccess')].flatMap(([, one]) =>
      'task' in one && one.task === 'msg.email' ? [one.args] : [],
    );
    expect(mails).toEqual([{ to: ['ana@example.org'] }, { to: ['ana@example.org'] }]);
    expect(resolved[0]).toMatchObject({ version: 1 });
    expect(resolved[1]).toMatchObject({
      args: {
        project: 'p',
        request: {
          outputType: 'shp',
          csv: { bom: false, escapeFormulas: true },
          onFailure: [{ task: 'msg.email', args: { to: ['ana@example.org'] } }],
        },
      },
    });
  });

  it('is stable: what was resolved resolves to itself', () => {
    const nested = { project: 'p', request: { outputType: 'shp', onSuccess: [{ task: 'msg.email' }] } };
    const once = resolve([signature('msg.email'), signature('export.project', nested)]);
    const other = { requester: { email: 'other@example.org' } };
    expect(resolveSignatures(once, 'onSuccess', other, BUILT_IN_REGISTRY)).toEqual(once);
  });

  it('fills in what is wrong with the requester: it is found by another look', () => {
    const list = parse({ chain: [{ task: 'msg.email' }] });
    expect(pointers(list)).toEqual([]);
    const resolved = resolveSignatures(list, 'onSuccess', { requester: { email: 'nobody' } }, BUILT_IN_REGISTRY);
    expect(pointers(resolved)).toEqual(['/onSuccess/0/chain/0/args/to/0']);
  });

  it('leaves the arguments of another service’s tasks as they are', () => {
    const list = [signature('gis.index', { anything: [1, { to: null }] })];
    expect(resolve(list, createRegistry({ routes: ['gis'] }))).toEqual(list);
  });
});

describe('own tasks', () => {
  const own = {
    'lake.load': defineTask({
      summary: 'Loads the bundle into a data lake',
      args: z.strictObject({
        table: z.string().min(3),
        owner: z.string().exactOptional(),
        since: z
          .union([z.string(), z.date()])
          .transform((at) => new Date(at))
          .exactOptional(),
      }),
      resolve: (args, { requester }) => ({ ...args, since: undefined, owner: args.owner ?? requester.email }) as never,
    }),
  };
  const registry = createRegistry({ own });

  it('are checked by their schema and filled by their resolve', () => {
    const list = [signature('lake.load', { table: 'parcels' })];
    expect(pointers(list, registry)).toEqual([]);
    expect(pointers([signature('lake.load', { table: 'p' })], registry)).toEqual(['/onSuccess/0/args/table']);
    const context = { requester: { email: 'ana@example.org' } };
    expect(argsOf(resolveSignatures(list, 'onSuccess', context, registry))).toEqual([
      { table: 'parcels', owner: 'ana@example.org' },
    ]);
  });

  it('have their arguments kept as JSON makes them, whatever their schema does', () => {
    const { resolve: _, ...plain } = own['lake.load'];
    const only = createRegistry({ own: { 'lake.load': plain } });
    const list = [signature('lake.load', { table: 'parcels', since: '2024-05-06' })];
    expect(argsOf(resolveSignatures(list, 'onSuccess', { requester: { email: 'a@b.c' } }, only))).toEqual([
      { table: 'parcels', since: '2024-05-06T00:00:00.000Z' },
    ]);
    const odd = createRegistry({ own: { 'lake.load': { ...plain, args: z.looseObject({}).transform(() => 7) } } });
    expect(validateSignatures(list, '/onSuccess', odd)).toEqual([
      { pointer: '/onSuccess/0/args', detail: expect.stringContaining('no object') },
    ]);
  });

  it('may have the schema of another copy of zod: only safeParse is used of it', () => {
    const args = {
      safeParse: (value: { n?: unknown }) =>
        typeof value.n === 'number'
          ? { success: true as const, data: { n: value.n } }
          : {
              success: false as const,
              error: {
                issues: [
                  { code: 'invalid_type', path: ['n'], message: 'Required' },
                  { code: 'invalid_union', path: ['m'], message: 'Invalid input', unionErrors: [] },
                ],
              },
            },
    };
    const foreign = createRegistry({ own: { 'lake.load': { summary: 'x', args: args as never } } });
    expect(pointers([signature('lake.load', { n: 1 })], foreign)).toEqual([]);
    expect(validateSignatures([signature('lake.load')], '/onSuccess', foreign)).toEqual([
      { pointer: '/onSuccess/0/args/n', detail: 'Required' },
      { pointer: '/onSuccess/0/args/m', detail: 'Invalid input' },
    ]);
  });
});
