import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { canonicalJson } from '../canonical-json.js';
import { keyId } from '../tokens/keys.js';
import { isKeyKnown, type SignedCall, signatureMac, signCanvas, verifySignature } from './mac.js';
import { walk } from './place.js';
import type { Signature, TaskSignature } from './signature.js';

const OLD = 'an old secret of more than thirty-two characters';
const NEW = 'a new secret of more than thirty-two characters.';
const call: SignedCall = {
  exportId: 'f7a3c8de-0000-4000-8000-000000000000',
  place: 'onSuccess/0/chain/1',
  task: 'webhook.post',
  args: { url: 'https://example.org/', list: [1, 'two', { b: null, a: true }] },
  options: { delay: 5, attempts: 2 },
  immutable: false,
};
const signed = { ...call, mac: signatureMac(call, [OLD]) };

describe('a signed call', () => {
  it('verifies with the secret that signed it, wherever in the list that stands', () => {
    expect(verifySignature(signed, [OLD])).toBe(true);
    expect(verifySignature(signed, [NEW, OLD])).toBe(true);
    expect(verifySignature({ ...call, mac: signatureMac(call, [NEW, OLD]) }, [NEW])).toBe(true);
  });

  it('does not verify once its secret is gone', () => {
    expect(verifySignature(signed, [NEW])).toBe(false);
    expect(verifySignature(signed, [])).toBe(false);
  });

  it('says which secret it is of, so that one that is new elsewhere can be told from a forgery', () => {
    expect(isKeyKnown(signed.mac, [NEW, OLD])).toBe(true);
    expect(isKeyKnown(signed.mac, [NEW])).toBe(false);
    expect([null, '', 'v1', signed.mac.replace(/.$/, '')].map((mac) => isKeyKnown(mac, [OLD]))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('verifies whatever the order of its members, and when options that are undefined are left out', () => {
    const args = { list: [1, 'two', { a: true, b: null }], url: 'https://example.org/' };
    const options = { backoff: undefined, attempts: 2, delay: 5 };
    expect(verifySignature({ ...signed, args, options }, [OLD])).toBe(true);
  });

  it.each<[string, Partial<typeof signed>]>([
    ['the export', { exportId: 'f7a3c8de-0000-4000-8000-000000000001' }],
    ['the place', { place: 'onSuccess/0/chain/0' }],
    ['the task', { task: 'msg.email' }],
    ['an argument', { args: { ...call.args, url: 'https://example.com/' } }],
    ['an argument more', { args: { ...call.args, note: '' } }],
    ['the order of a list', { args: { ...call.args, list: ['two', 1, { b: null, a: true }] } }],
    ['an option', { options: { delay: 5, attempts: 3 } }],
    ['the immutability', { immutable: true }],
    ['arguments that are no JSON', { args: { a: Number.NaN } }],
  ])('does not verify with another one of %s', (_what, change) => {
    expect(verifySignature({ ...signed, ...change }, [OLD])).toBe(false);
  });

  it('does not verify, and does not throw, with arguments nested deeper than any of ours', () => {
    let deep: TaskSignature['args'] = {};
    for (let level = 0; level < 100_000; level += 1) deep = { a: deep };
    expect(verifySignature({ ...signed, args: deep }, [OLD])).toBe(false);
  });

  const [version, kid, code] = signed.mac.split('.') as [string, string, string];
  it.each([
    null,
    '',
    'v1',
    `${version}.${kid}`,
    `${version}.${kid}.`,
    `${version}.${kid}.${code.slice(0, -2)}`,
    `${version}.${kid}.${code}.${code}`,
    `${version}.${kid}.${code}=`,
    `v2.${kid}.${code}`,
    `${version}.${keyId(NEW)}.${code}`,
    `${version}.${kid}.${code.startsWith('A') ? 'B' : 'A'}${code.slice(1)}`,
  ])('does not verify with the code %j', (mac) => {
    expect(verifySignature({ ...call, mac }, [OLD, NEW])).toBe(false);
  });

  it('has the code that anyone can reckon from the description', () => {
    const text =
      '[1,"f7a3c8de-0000-4000-8000-000000000000","onSuccess/0/chain/1","webhook.post",' +
      '{"list":[1,"two",{"a":true,"b":null}],"url":"https://example.org/"},{"attempts":2,"delay":5},false]';
    expect(code).toBe(createHmac('sha256', OLD).update(text).digest('base64url'));
    expect(signed.mac).not.toContain(OLD);
  });
});

it('signs every call of a canvas, at its own place, and notes which are of other services', () => {
  const task = (name: string, onFailure: Signature[] = []): Signature => ({
    task: name,
    args: {},
    options: {},
    immutable: false,
    onSuccess: [],
    onFailure,
  });
  const list: Signature[] = [
    { chord: [task('a.one', [task('a.sorry')]), task('a.one')], body: task('a.body'), onSuccess: [], onFailure: [] },
  ];
  const { exportId } = call;
  const canvas = signCanvas(list, { exportId, hook: 'onFailure' }, [NEW], (name) => name === 'a.sorry');
  const calls = [...walk(canvas, 'onFailure')].flatMap(([place, one]) =>
    'task' in one ? [{ ...one, exportId, place, mac: one.mac ?? null }] : [],
  );
  expect(calls).toHaveLength(4);
  expect(calls.every((one) => verifySignature(one, [NEW]))).toBe(true);
  expect(new Set(calls.map(({ mac }) => mac)).size).toBe(4);
  expect(calls.filter(({ routed }) => routed).map(({ task }) => task)).toEqual(['a.sorry']);
});

describe('canonical JSON', () => {
  it('is that of RFC 8785', () => {
    // The examples of its sections 3.2.2 and 3.2.3.
    const literal =
      '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],' +
      '"string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}';
    expect(canonicalJson(JSON.parse(literal))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, ö: 7 };
    expect(
      Object.values(
        JSON.parse(
          `[${canonicalJson(keys)
            .slice(1, -1)
            .replaceAll(/"[^"]*":/g, '')}]`,
        ),
      ),
    ).toEqual([2, 4, 6, 7, 1, 5, 3]);
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [() => 1], [[undefined]], [{ a: 1n }]])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});

describe('in the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  it('any arguments verify after their way through jsonb', async () => {
    const text = fc.string({ unit: 'grapheme' }).filter((one) => !one.includes('\0') && !/[\ud800-\udfff]/u.test(one));
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.oneof(
          fc.constant(null),
          fc.boolean(),
          fc.integer(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          text,
        ),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(text, tie('json'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    const args = fc.dictionary(text, json, { maxKeys: 5, noNullPrototype: true });
    const samples = fc.sample(args, { numRuns: 300, seed: 20 });
    samples.push({
      tiny: 5e-324,
      huge: Number.MAX_VALUE,
      minus: -0,
      big: 1e21,
      past: 2 ** 53 + 2,
      third: 1 / 3,
      whole: 5.0,
    });
    const calls = samples.map((one) => ({ ...call, args: one as SignedCall['args'] }));
    const { rows } = await database.db.raw<{ rows: { args: SignedCall['args'] }[] }>(
      `select value as args from jsonb_array_elements(?::jsonb) with ordinality order by ordinality`,
      [JSON.stringify(samples)],
    );
    expect(rows).toHaveLength(calls.length);
    for (const [index, one] of calls.entries()) {
      const mac = signatureMac(one, [NEW]);
      expect(verifySignature({ ...one, args: rows[index]?.args ?? {}, mac }, [NEW])).toBe(true);
    }
  });
});
