import { expect, it } from 'vitest';
import { comparePlaces, kindOf, mapTasks, outboxId, walk } from './place.js';
import type { Signature, TaskSignature } from './signature.js';

const task = (name: string, callbacks: Partial<Pick<Signature, 'onSuccess' | 'onFailure'>> = {}): TaskSignature => ({
  task: name,
  args: {},
  options: {},
  immutable: false,
  onSuccess: [],
  onFailure: [],
  ...callbacks,
});
const list: Signature[] = [
  {
    chain: [task('a.first'), task('a.second', { onFailure: [task('a.sorry')] })],
    onSuccess: [task('a.proud')],
    onFailure: [],
  },
  {
    chord: [task('a.one'), { group: [task('a.two'), task('a.three')], onSuccess: [], onFailure: [] }],
    body: { chain: [task('a.body')], onSuccess: [], onFailure: [task('a.why')] },
    onSuccess: [],
    onFailure: [],
  },
];

it('walks every signature of a list with its place, holders first', () => {
  expect([...walk(list, 'onSuccess')].map(([place, one]) => [place, 'task' in one ? one.task : kindOf(one)])).toEqual([
    ['onSuccess/0', 'chain'],
    ['onSuccess/0/chain/0', 'a.first'],
    ['onSuccess/0/chain/1', 'a.second'],
    ['onSuccess/0/chain/1/onFailure/0', 'a.sorry'],
    ['onSuccess/0/onSuccess/0', 'a.proud'],
    ['onSuccess/1', 'chord'],
    ['onSuccess/1/chord/0', 'a.one'],
    ['onSuccess/1/chord/1', 'group'],
    ['onSuccess/1/chord/1/group/0', 'a.two'],
    ['onSuccess/1/chord/1/group/1', 'a.three'],
    ['onSuccess/1/body', 'chain'],
    ['onSuccess/1/body/chain/0', 'a.body'],
    ['onSuccess/1/body/onFailure/0', 'a.why'],
  ]);
});

it('changes every call of a list at the place where walking finds it, and leaves the given list alone', () => {
  const before = structuredClone(list);
  const marked = mapTasks(list, 'onFailure', (one, place) => ({ ...one, args: { place } }));
  const places = [...walk(marked, 'onFailure')].flatMap(([place, one]) =>
    'task' in one ? [[place, one.args.place]] : [],
  );
  expect(places).toHaveLength(9);
  for (const [walked, given] of places) expect(given).toBe(walked);
  expect(list).toEqual(before);
});

it('derives the id of a place: always the same, and another for another export, generation or place', () => {
  const where = { exportId: 'f7a3c8de-0000-4000-8000-000000000000', generation: 1, place: 'onSuccess/0' };
  const ids = [
    where,
    { ...where, generation: 2 },
    { ...where, place: 'onSuccess/0/chain/0' },
    { ...where, exportId: 'f7a3c8de-0000-4000-8000-000000000001' },
  ].map(outboxId);
  expect(new Set(ids).size).toBe(4);
  expect(outboxId({ ...where })).toBe(ids[0]);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('orders places as walking meets them, whatever order they come in and however many there are', () => {
  const many: Signature[] = [
    ...list,
    { group: Array.from({ length: 12 }, () => task('a.b')), onSuccess: [], onFailure: [] },
  ];
  const places = [...walk(many, 'onSuccess')].map(([place]) => place);
  expect([...places].sort().sort(comparePlaces)).toEqual(places);
  expect([...places].reverse().sort(comparePlaces)).toEqual(places);
});
