import { expect, test } from 'vitest';
import type { Plan } from '../pipeline/plan.js';
import { samePlan } from './take-over.js';

const plan = (keys?: Plan['keys']): Plan => ({
  project: { name: 'Made', organizationName: 'Makers', country: '', description: '' },
  schemas: {},
  shards: [{ entity: 'parties', shard: 0, range: { cursor: '' }, rowsExpected: 2 }],
  ...(keys && { keys }),
});

test('shards of other data are not taken over, though there are as many records', () => {
  expect(samePlan(plan({ parties: 'then' }), plan({ parties: 'now' }))).toBe(false);
  expect(samePlan(plan({ parties: 'now' }), plan({ parties: 'now' }))).toBe(true);
});

test('where the platform tells no versions, or did not, the counts decide', () => {
  expect(samePlan(plan(), plan())).toBe(true);
  expect(samePlan(plan(), plan({ parties: 'now' }))).toBe(true);
  expect(samePlan(plan(), { ...plan(), shards: [] })).toBe(false);
});
