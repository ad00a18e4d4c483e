/** The judge of a round finds what is broken, and finds nothing where all is well. */
import { expect, test } from 'vitest';
import type { Asked } from './course.js';
import type { Evidence, ExportRecord, NodeRecord, Received } from './evidence.js';
import { expectedNodes } from './expected.js';
import { type Judgement, judge } from './judge.js';
import type { Lists } from './recipes.js';

const hook = (list: string, label: string, more = {}) => ({
  task: 'webhook.post',
  args: { url: `http://hooks/1/${list}/${label}` },
  ...more,
});
const LISTS: Lists = {
  onSuccess: [
    {
      chord: [hook('onSuccess', 'one'), hook('onSuccess', 'two')],
      body: hook('onSuccess', 'body'),
      onFailure: [hook('onSuccess', 'sorry')],
    },
  ],
  onFailure: [hook('onFailure', 'only')],
};

interface Story extends Omit<Evidence, 'asked' | 'received'> {
  asked: Asked[];
  received: Received[];
}

/** An export of the project, whose list was released as it should be. */
function story(project: string, outcome: NonNullable<ExportRecord['outcome']>, lists: Lists = LISTS): Story {
  const list = outcome === 'completed' || outcome === 'partial' ? 'onSuccess' : 'onFailure';
  const nodes: NodeRecord[] = [...expectedNodes(lists[list], list)].map(([place, { end, url }]) => ({
    id: `id of ${place}`,
    exportId: 'e1',
    generation: 1,
    hook: list,
    place,
    kind: /^\w+\/\d+$/.test(place) && url === undefined ? 'chord' : 'task',
    task: url === undefined ? 'canvas.chord' : 'webhook.post',
    url: url ?? null,
    state: end,
    error: null,
  }));
  return {
    asked: [
      {
        order: { number: 1, project, body: { apiToken: '', ...lists }, cancelAfterMs: undefined },
        id: 'e1',
        cancel: undefined,
        retried: false,
      },
    ],
    exports: [{ id: 'e1', project, generation: 1, outcome, error: null, missing: 0, token: false, partsKept: false }],
    nodes,
    bundles: [],
    received: nodes.flatMap(({ id, url, state }, at) =>
      url && state !== 'skipped' ? [{ id, path: new URL(url).pathname, at }] : [],
    ),
  };
}

const broken = ({ promises }: Judgement) =>
  promises.flatMap(({ promise, broken }) => broken.map((what) => `${promise}: ${what}`));
const node = ({ nodes }: Story, place: string) => nodes.find((each) => each.place === place) as NodeRecord;
const call = ({ received }: Story, place: string) => received.find(({ id }) => id === `id of ${place}`) as Received;

test.each([
  ['plain-1', 'completed'],
  ['failing-1', 'failed'],
] as const)('of %s, which %s, nothing is found broken', (project, outcome) => {
  const judgement = judge(story(project, outcome));
  expect(broken(judgement)).toEqual([]);
  expect(judgement.releases).toEqual(
    outcome === 'completed' ? { onSuccess: 1, onFailure: 0 } : { onSuccess: 0, onFailure: 1 },
  );
  expect(judgement.chords).toBe(outcome === 'completed' ? 1 : 0);
});

const CASES: [string, (story: Story) => void, RegExp][] = [
  [
    'an export that is left open',
    ({ exports: [e] }) => {
      (e as ExportRecord).outcome = null;
    },
    /no export is left open/,
  ],
  [
    'a follow-up that is left open',
    (s) => {
      node(s, 'onSuccess/0/chord/1').state = 'entered';
    },
    /no follow-up is left open/,
  ],
  [
    'both lists',
    (s) => {
      s.nodes.push({ ...node(s, 'onSuccess/0/body'), id: 'x', hook: 'onFailure', place: 'onFailure/0' });
    },
    /onSuccess and onFailure/,
  ],
  [
    'no list',
    (s) => {
      s.nodes.length = 0;
      s.received.length = 0;
    },
    /neither/,
  ],
  [
    'the wrong list',
    ({ exports: [e] }) => {
      Object.assign(e as ExportRecord, { project: 'failing-1', outcome: 'failed' });
    },
    /fits the outcome/,
  ],
  [
    'another outcome than was meant',
    ({ exports: [e] }) => {
      (e as ExportRecord).project = 'partial-1';
    },
    /completed in place of partial/,
  ],
  [
    'a completed export that was cancelled',
    ({ asked: [a] }) => {
      (a as Asked).cancel = 'accepted';
    },
    /whose end was accepted/,
  ],
  [
    'a body that never ran',
    (s) => {
      node(s, 'onSuccess/0/body').state = 'skipped';
    },
    /never ran/,
  ],
  [
    'a body that ran though a member failed',
    (s) => {
      node(s, 'onSuccess/0/chord/0').state = 'failed';
    },
    /ran though a member failed/,
  ],
  [
    'a body that ran before a member',
    (s) => {
      call(s, 'onSuccess/0/body').at = -1;
    },
    /onSuccess\/0\/body: before onSuccess\/0\/chord\/0/,
  ],
  [
    'a webhook that was skipped and came',
    (s) => {
      s.received.push({ id: 'id of onSuccess/0/onFailure/0', path: '/1/onSuccess/sorry', at: 9 });
    },
    /came though skipped/,
  ],
  [
    'a webhook that is done and never came',
    (s) => {
      s.received.pop();
    },
    /never came/,
  ],
  [
    'a webhook of no follow-up',
    (s) => {
      s.received.push({ id: 'else', path: '/1/onSuccess/one', at: 9 });
    },
    /of no follow-up/,
  ],
  [
    'a webhook of the other list',
    (s) => {
      call(s, 'onSuccess/0/body').path = '/1/onFailure/only';
    },
    /came to \/1\/onFailure\/only/,
  ],
  [
    'a follow-up that is not there',
    (s) => {
      s.nodes = s.nodes.filter(({ place }) => place !== 'onSuccess/0/onFailure/0');
    },
    /not there in place of skipped/,
  ],
  [
    'an export that nobody asked for',
    (s) => {
      s.exports.push({ ...(s.exports[0] as ExportRecord), id: 'e2' });
    },
    /nobody asked for it/,
  ],
  [
    'a request that became no export',
    (s) => {
      s.asked.push({ ...(s.asked[0] as Asked), id: 'e9' });
    },
    /there is no such export/,
  ],
  [
    'a token that stayed',
    ({ exports: [e] }) => {
      (e as ExportRecord).token = true;
    },
    /has no token/,
  ],
];
test.each(CASES)('%s is found', (_what, spoil, found) => {
  const told = story('plain-1', 'completed');
  spoil(told);
  expect(broken(judge(told)).join('\n')).toMatch(found);
});

test('a webhook that came again under the same webhook-id is counted, and allowed', () => {
  const told = story('plain-1', 'completed');
  told.received.push({ ...call(told, 'onSuccess/0/chord/0'), at: 99 });
  const judgement = judge(told);
  expect(judgement.repeated).toBe(1);
  expect(broken(judgement)).toEqual([]);
});

test('a cancelled export has released onFailure, and needs not be what was meant', () => {
  const told = story('plain-1', 'cancelled');
  expect(broken(judge(told)).join()).toMatch(/cancelled in place of completed/);
  (told.asked[0] as Asked).cancel = 'accepted';
  expect(broken(judge(told))).toEqual([]);
});
