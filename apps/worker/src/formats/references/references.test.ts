import type { PartyRecord, RelationshipRecord } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findAbsent } from './absent.js';
import { ownHashes, ReferencesEncoder, type ReferencesFragment, relationshipIds } from './fragment.js';
import { HASHES, hashOf } from './hash.js';
import { passes, within } from './passes.js';
import { findRepeated } from './repeated.js';

const signal = new AbortController().signal;

const party = (id: string): PartyRecord => ({ id, name: '', type: 'IN', attributes: {} });
const relationship = (id: string, to: string, at: string): RelationshipRecord => ({
  id,
  party: to,
  spatialUnit: at,
  tenureType: 'FH',
  attributes: {},
});

function atRest(encoder: ReferencesEncoder<'parties'> | ReferencesEncoder<'relationships'>): ReferencesFragment {
  const { bytes, meta } = encoder.finish();
  expect(meta.bytes).toBe(bytes.length);
  return { meta: JSON.parse(JSON.stringify(meta)), read: async (start, end) => bytes.subarray(start, end) };
}

function parties(ids: readonly string[]): ReferencesFragment {
  const encoder = new ReferencesEncoder('parties');
  encoder.add(ids.map(party));
  return atRest(encoder);
}

function relationships(all: readonly RelationshipRecord[]): ReferencesFragment {
  const encoder = new ReferencesEncoder('relationships');
  for (let at = 0; at < all.length; at += 3) encoder.add(all.slice(at, at + 3));
  return atRest(encoder);
}

/** Cuts a list into as many parts. */
function cut<T>(list: readonly T[], parts: number): T[][] {
  const size = Math.ceil(list.length / parts) || 1;
  return Array.from({ length: parts }, (_, part) => list.slice(part * size, (part + 1) * size));
}

const ids = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), { maxLength: 40 });

describe('relationships whose party or location is absent', () => {
  test('are those, and the first ten of them by name, however all is divided, and in how many passes', async () => {
    await fc.assert(
      fc.asyncProperty(
        ids,
        fc.array(fc.nat(60), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 50 }),
        async (known, references, parts, passRows) => {
          const all = references.map((to, i) =>
            relationship(`r${i}`, known[to] ?? `absent ${to}`, known[to] ?? `gone ${to}`),
          );
          const lost = all.filter((each) => !known.includes(each.party)).map(({ id }) => id);
          const fragments = cut(all, parts).map(relationships);
          const others = cut(known, parts).map(parties);
          for (const entity of ['parties', 'locations'] as const) {
            const found = await findAbsent(entity, fragments, others, signal, passRows);
            expect(found).toEqual({ count: lost.length, ids: lost.slice(0, 10) });
          }
        },
      ),
    );
  });

  test('are all where there is no party at all', async () => {
    const found = await findAbsent('parties', [relationships([relationship('r', 'p', 'l')])], [], signal);
    expect(found).toEqual({ count: 1, ids: ['r'] });
  });

  test('a fragment has the ids as they are, in the order of the records', async () => {
    const all = ['z', 'ключ', '"a"\n', ''].map((id) => relationship(id, 'p', 'l'));
    expect(await relationshipIds(relationships(all))).toEqual(['z', 'ключ', '"a"\n', '']);
  });
});

describe('ids that several shards have', () => {
  test('are kept by the first shard, or by one that cannot be changed, in however many passes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ ids, open: fc.boolean() }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 40 }),
        async (shards, passRows) => {
          const listed = shards.map((each, shard) => ({ ...parties(each.ids), shard, open: each.open }));
          const repeats = await findRepeated(listed, signal, passRows);
          for (const [shard, { ids, open }] of shards.entries()) {
            const wanted = ids.flatMap((id): [number, number][] => {
              const holders = shards.flatMap((each, index) => (each.ids.includes(id) ? [index] : []));
              const keeper = holders.find((holder) => !shards[holder]?.open) ?? holders[0];
              return open && keeper !== undefined && keeper !== shard ? [[hashOf(id), keeper]] : [];
            });
            const sorted = (pairs: Iterable<[number, number]>) => [...pairs].sort(([a], [b]) => a - b);
            expect(sorted(repeats.get(shard) ?? [])).toEqual(sorted(wanted));
          }
        },
      ),
    );
  });
});

test('the passes hold every hash once', async () => {
  const fragment = parties(Array.from({ length: 1000 }, (_, i) => `id ${i}`));
  const hashes = await ownHashes(fragment);
  expect([...hashes]).toEqual([...hashes].sort((a, b) => a - b));
  for (const rows of [0, 1, 999, 1000, 7001]) {
    const parts = passes(rows, 1000).map((range) => hashes.slice(...within(hashes, range)));
    expect(parts.length).toBe(Math.max(1, Math.ceil(rows / 1000)));
    expect(parts.flatMap((part) => [...part])).toEqual([...hashes]);
  }
});

test('hashes are whole numbers below 2^53, evenly spread, of texts that differ in one bit too', () => {
  const hashes = Array.from({ length: 100_000 }, (_, i) => hashOf(`location-${i}`));
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(hashes.every((hash) => Number.isSafeInteger(hash) && hash >= 0 && hash < HASHES)).toBe(true);
  for (const half of [0, 1]) {
    const inHalf = hashes.filter((hash) => Math.floor(hash / (HASHES / 2)) === half).length;
    expect(Math.abs(inHalf - 50_000)).toBeLessThan(1000);
  }
});
