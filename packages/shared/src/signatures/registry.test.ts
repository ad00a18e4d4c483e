import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProblemError } from '../errors.js';
import { type Signature, signatureSchema } from '../export-request.js';
import { BUILT_IN_TASKS, defineTask, queueOfTask, resolveSignatures, validateSignatures } from './registry.js';

const signature = (task: string, args: Record<string, unknown> = {}): Signature =>
  signatureSchema.parse({ task, args });
const pointers = (list: Signature[]) => validateSignatures(list, '/onSuccess').map((error) => error.pointer);
const complaint = (task: string, args: Record<string, unknown>) =>
  validateSignatures([signature(task, args)], '/onFailure')[0];

describe('signatures that are well', () => {
  it.each([
    ['msg.email', {}],
    ['msg.email', { to: 'ana@example.org' }],
    ['msg.email', { to: ['ana@example.org', "o'neil+maps@sub.example.co"], subject: 'Los límites están listos' }],
    ['webhook.post', { url: 'https://example.org/hook?a=b', note: 'línea 1\nlínea 2' }],
    ['webhook.post', { url: 'http://[2001:db8::1]:8080/' }],
  ])('takes %s with %j', (task, args) => {
    expect(validateSignatures([signature(task, args)], '/onSuccess')).toEqual([]);
  });
});

describe('signatures that are wrong name the exact field', () => {
  it('an unknown task of a known queue, and an unknown queue, are told apart', () => {
    const errors = validateSignatures(
      [signature('msg.email'), signature('msg.fax'), signature('export.enter')],
      '/onSuccess',
    );
    expect(errors).toEqual([
      { pointer: '/onSuccess/1/task', detail: 'unknown task msg.fax; known are msg.email, webhook.post' },
      {
        pointer: '/onSuccess/2/task',
        detail: 'unknown queue export in task export.enter; known queues are msg, webhook',
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

  it('a task named like something every object has is unknown', () => {
    const odd = { ...signature('msg.email'), task: 'constructor' };
    expect(pointers([odd, { ...odd, task: '__proto__' }])).toEqual(['/onSuccess/0/task', '/onSuccess/1/task']);
  });
});

describe('resolving', () => {
  const context = { requester: { email: 'ana@example.org' } };

  it('gives msg.email without `to` the requester, and leaves a given `to` alone', () => {
    const list = [signature('msg.email'), signature('msg.email', { to: 'ben@example.org', subject: 'S' })];
    expect(resolveSignatures(list, '/onSuccess', context).map((one) => one.args)).toEqual([
      { to: ['ana@example.org'] },
      { to: ['ben@example.org'], subject: 'S' },
    ]);
  });

  it('sends to an address named twice once, and keeps options and order', () => {
    const list = [
      {
        ...signature('msg.email', { to: ['b@example.org', 'a@example.org', 'b@example.org'] }),
        options: { attempts: 3 },
      },
      signature('webhook.post', { url: 'https://example.org/' }),
    ];
    expect(resolveSignatures(list, '/onSuccess', context)).toEqual([
      { task: 'msg.email', args: { to: ['b@example.org', 'a@example.org'] }, options: { attempts: 3 } },
      { task: 'webhook.post', args: { url: 'https://example.org/' }, options: {} },
    ]);
  });

  it('is stable: what was resolved resolves to itself', () => {
    const once = resolveSignatures([signature('msg.email')], '/onFailure', context);
    expect(resolveSignatures(once, '/onFailure', { requester: { email: 'other@example.org' } })).toEqual(once);
  });

  it('refuses with 422 and the field when the requester’s own address cannot take mail', () => {
    const run = () => resolveSignatures([signature('msg.email')], '/onFailure', { requester: { email: 'nobody' } });
    expect(run).toThrow(ProblemError);
    try {
      run();
    } catch (error) {
      expect(error).toMatchObject({ status: 422, errors: [{ pointer: '/onFailure/0/args/to/0' }] });
    }
  });
});

describe('a registry of one’s own', () => {
  it('extends the built-in one by spreading it, with its own queue, schema and defaults', () => {
    const registry = {
      ...BUILT_IN_TASKS,
      'lake.load': defineTask({
        summary: 'Loads the bundle into a data lake',
        args: z.strictObject({ table: z.string().min(3), owner: z.string().exactOptional() }),
        resolve: (args, { requester }) => ({ ...args, owner: args.owner ?? requester.email }),
      }),
    };
    const list = [signature('lake.load', { table: 'parcels' }), signature('msg.email')];
    expect(validateSignatures(list, '/onSuccess', registry)).toEqual([]);
    expect(validateSignatures([signature('lake.load', { table: 'p' })], '/onSuccess', registry)[0]?.pointer).toBe(
      '/onSuccess/0/args/table',
    );
    expect(
      resolveSignatures(list, '/onSuccess', { requester: { email: 'ana@example.org' } }, registry)[0]?.args,
    ).toEqual({
      table: 'parcels',
      owner: 'ana@example.org',
    });
    expect(queueOfTask('lake.load.fast')).toBe('lake');
  });

  it('publishes its argument shapes as JSON Schema', () => {
    for (const task of Object.values(BUILT_IN_TASKS)) {
      expect(z.toJSONSchema(task.args, { io: 'input' })).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });
});
