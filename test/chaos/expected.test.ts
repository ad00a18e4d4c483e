import { expect, test } from 'vitest';
import { expectedNodes } from './expected.js';
import type { Asked } from './recipes.js';

const call = (label: string, more: Asked = {}): Asked => ({
  task: 'webhook.post',
  args: { url: `http://hooks/1/onSuccess/${label}` },
  ...more,
});
const ends = (list: Asked[]) =>
  Object.fromEntries([...expectedNodes(list, 'onSuccess')].map(([place, { end }]) => [place, end]));

test('a failed step ends its chain: the rest is skipped, with all below it', () => {
  expect(ends([{ chain: [call('refused'), call('b', { onSuccess: [call('c')] })], onFailure: [call('d')] }])).toEqual({
    'onSuccess/0': 'failed',
    'onSuccess/0/chain/0': 'failed',
    'onSuccess/0/chain/1': 'skipped',
    'onSuccess/0/chain/1/onSuccess/0': 'skipped',
    'onSuccess/0/onFailure/0': 'done',
  });
});

test('a failed member lets the others go on, and the body is skipped', () => {
  expect(ends([{ chord: [call('refused'), call('b')], body: call('c'), onSuccess: [call('d')] }])).toEqual({
    'onSuccess/0': 'failed',
    'onSuccess/0/chord/0': 'failed',
    'onSuccess/0/chord/1': 'done',
    'onSuccess/0/body': 'skipped',
    'onSuccess/0/onSuccess/0': 'skipped',
  });
});

test('the failure of a callback changes nothing above it', () => {
  expect(ends([{ group: [call('a', { onSuccess: [call('refused', { onFailure: [call('b')] })] })] }])).toEqual({
    'onSuccess/0': 'done',
    'onSuccess/0/group/0': 'done',
    'onSuccess/0/group/0/onSuccess/0': 'failed',
    'onSuccess/0/group/0/onSuccess/0/onFailure/0': 'done',
  });
});
