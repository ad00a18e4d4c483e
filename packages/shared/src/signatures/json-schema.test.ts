import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { validateSignatures } from './check.js';
import { signatureJsonSchema } from './json-schema.js';
import { createRegistry, defineTask } from './registry.js';
import { signaturesSchema } from './schema.js';

const registry = createRegistry({
  own: {
    'lake.load': defineTask({ summary: 'Loads', args: z.strictObject({ table: z.string().min(3) }) }),
    'lake.tree': defineTask({ summary: 'Refers to itself', args: treeSchema() }),
    'lake.odd': { summary: 'Has a schema of another kind', args: { safeParse: (data) => ({ success: true, data }) } },
  },
  routes: ['gis'],
});
const schema = signatureJsonSchema('https://parcelpost.example.org', registry);
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
const published = ajv.compile(schema);

function treeSchema() {
  const tree: z.ZodType<{ name: string; below?: object[] }> = z.strictObject({
    name: z.string(),
    below: z.lazy(() => z.array(tree)).exactOptional(),
  }) as never;
  return tree as z.ZodType<object>;
}

/** Whether the service takes it. */
function taken(value: unknown): boolean {
  const parsed = signaturesSchema.safeParse([value]);
  return parsed.success && validateSignatures(parsed.data, '/onSuccess', registry).length === 0;
}

const mail = { task: 'msg.email' };
const hook = { task: 'webhook.post', args: { url: 'https://example.org/hook' } };
const next = (request: object) => ({ task: 'export.project', args: { project: 'london-2', request } });

const RIGHT: unknown[] = [
  mail,
  hook,
  { task: 'log.info' },
  { task: 'log.info', args: { message: '' }, options: {}, immutable: false, onSuccess: [], onFailure: [], version: 1 },
  { ...mail, args: { to: 'ana@example.org', subject: 'Los límites' } },
  { ...mail, args: { to: ['ana@example.org', 'ben@example.org'] } },
  { ...hook, args: { url: 'http://[2001:db8::1]:8080/a?b=c@d#e', note: 'x' }, immutable: true },
  { ...hook, options: { attempts: 50, backoff: 0, delay: 2_592_000_000, timeout: 86_400_000, priority: 1 } },
  { task: 'gis.index' },
  { task: 'gis.index.v2', args: { anything: [1, null, { a: 'b' }] } },
  { task: 'lake.load', args: { table: 'parcels' } },
  { task: 'lake.tree', args: { name: 'a', below: [{ name: 'b', below: [] }] } },
  { task: 'lake.odd', args: { any: 'thing' } },
  { chain: [mail] },
  { chain: [mail, { group: [mail, hook] }, { chord: [mail], body: { chain: [hook] } }], onFailure: [mail] },
  { group: [mail], onSuccess: [{ chord: [mail], body: mail }] },
  next({ outputType: 'shp' }),
  next({ formats: ['csv'], csv: { bom: true }, allowPartial: true, apiToken: 'x' }),
  next({
    outputType: 'shp',
    onSuccess: [{ chain: [mail] }],
    onFailure: [next({ outputType: 'shp', onFailure: [mail] })],
  }),
];

const WRONG: unknown[] = [
  null,
  7,
  'msg.email',
  [],
  [mail],
  {},
  { version: 1 },
  { ...mail, version: 2 },
  { ...mail, version: '1' },
  { ...mail, chain: [mail] },
  { ...mail, mac: 'v1.a.b' },
  { ...mail, args: [] },
  { ...mail, args: null },
  { ...mail, options: { attempts: 0 } },
  { ...mail, options: { attempts: 1.5 } },
  { ...mail, options: { delay: '5' } },
  { ...mail, options: { timeout: 99 } },
  { ...mail, options: { priority: 1001 } },
  { ...mail, options: { retries: 1 } },
  { ...mail, immutable: 'yes' },
  { ...mail, onSuccess: mail },
  { ...mail, onSuccess: [null] },
  { task: 'email' },
  { task: 'msg.fax' },
  { task: 'sms.send' },
  { task: 'gis' },
  { task: 'gis.' },
  { task: 'gisx.index' },
  { task: `gis.${'x'.repeat(100)}` },
  { task: 7 },
  { task: 'constructor' },
  { ...mail, args: { to: 'ana' } },
  { ...mail, args: { to: [] } },
  { ...mail, args: { to: ['ana@example.org', 7] } },
  { ...mail, args: { subject: ' ' } },
  { ...mail, args: { subject: 'a\nb' } },
  { ...mail, args: { cc: 'ana@example.org' } },
  { task: 'webhook.post' },
  { task: 'webhook.post', args: {} },
  { ...hook, args: { url: 'ftp://example.org/' } },
  { ...hook, args: { url: 'https:example.org' } },
  { ...hook, args: { url: 'https://ana@example.org/' } },
  { ...hook, args: { url: 'https://example.org/a b' } },
  { ...hook, args: { url: 'https://example.org/', headers: {} } },
  { task: 'log.info', args: { message: 7 } },
  { task: 'lake.load' },
  { task: 'lake.load', args: { table: 'p' } },
  { task: 'lake.tree', args: { name: 'a', below: [{ name: 7 }] } },
  { chain: [] },
  { chain: mail },
  { chain: [mail], args: {} },
  { chain: [mail], group: [mail] },
  { group: [mail, {}] },
  { group: [mail], body: mail },
  { chord: [mail] },
  { chord: [], body: mail },
  { chord: [mail], body: [mail] },
  { chord: [mail], body: mail, immutable: true },
  { task: 'export.project' },
  { task: 'export.project', args: { project: 'p' } },
  { task: 'export.project', args: { project: '..', request: { outputType: 'shp' } } },
  { task: 'export.project', args: { project: 'a/b', request: { outputType: 'shp' } } },
  next({}),
  next({ outputType: 'shp', formats: ['csv'] }),
  next({ outputType: 'pdf' }),
  next({ outputType: 'shp', onSuccess: [{ chain: [{ task: 'msg.fax' }] }] }),
  next({ outputType: 'shp', onFailure: [next({ outputType: 'shp', onFailure: [{}] })] }),
];

describe('the published schema, as an independent validator reads it,', () => {
  it('has an address of its own and names its version of JSON Schema', () => {
    expect(schema).toMatchObject({
      $id: 'https://parcelpost.example.org/schemas/signature-v1.json',
      $schema: 'https://json-schema.org/draft/2020-12/schema',
    });
    expect(ajv.validateSchema(schema)).toBe(true);
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  it.each(RIGHT)('takes, as the service does, %j', (value) => {
    expect(published(value), JSON.stringify(published.errors)).toBe(true);
    expect(taken(value)).toBe(true);
  });

  it.each(WRONG)('refuses, as the service does, %j', (value) => {
    expect(published(value)).toBe(false);
    expect(taken(value)).toBe(false);
  });

  it('takes its own examples', () => {
    for (const example of schema.examples as unknown[]) expect(published(example)).toBe(true);
  });

  it('knows no tasks but the built-in ones where none are configured', () => {
    const plain = new Ajv2020().compile(signatureJsonSchema('http://127.0.0.1:3000'));
    expect(
      [mail, hook, { task: 'gis.index' }, { task: 'lake.load', args: { table: 'parcels' } }].map((one) => plain(one)),
    ).toEqual([true, true, false, false]);
  });

  it('agrees with the service on whatever is put together of the words of the format', () => {
    const { value } = fc.letrec((tie) => {
      const list = fc.oneof({ weight: 5, arbitrary: fc.array(tie('value'), { maxLength: 3 }) }, tie('value'));
      const args = fc.oneof(
        fc.constantFrom<unknown>({}, hook.args, { to: 'ana@example.org' }, { message: 'x' }, { table: 'abc' }, [], 7),
        fc.record({
          project: fc.constantFrom('p', '..'),
          request: fc.record({ outputType: fc.constant('shp'), onSuccess: list }),
        }),
      );
      const key = { weight: 8, arbitrary: fc.constantFrom('task', 'chain', 'group', 'chord') };
      const links = fc.record(
        { onSuccess: list, onFailure: list, version: fc.constantFrom(1, 2) },
        { requiredKeys: [] },
      );
      const name = fc.constantFrom(
        'msg.email',
        'webhook.post',
        'log.info',
        'gis.x',
        'lake.load',
        'export.project',
        'no',
      );
      const whole = fc.record(
        { task: name, args, chain: list, group: list, chord: list, body: tie('value'), immutable: fc.boolean() },
        { requiredKeys: [] },
      );
      const kind = fc.oneof(
        key.arbitrary.chain((one) =>
          one === 'task'
            ? fc.record({ task: name, args }, { requiredKeys: ['task'] })
            : one === 'chord'
              ? fc.record({ chord: list, body: tie('value') })
              : list.map((inner) => ({ [one]: inner })),
        ),
        whole,
      );
      return {
        value: fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          fc.constantFrom<unknown>(mail, hook, { task: 'gis.x' }),
          fc.tuple(kind, links).map(([one, linked]) => ({ ...one, ...linked })),
        ),
      };
    });
    let right = 0;
    fc.assert(
      fc.property(value, (one) => {
        const verdict = taken(one);
        if (verdict) right += 1;
        expect(published(one)).toBe(verdict);
      }),
      { numRuns: 300 },
    );
    expect(right).toBeGreaterThan(30);
  });
});
