import { expect, test } from 'vitest';
import { FORMATS } from '../export-request.js';
import { DeclaredStep } from './declared-step.js';
import { declaredPipeline, Pipeline } from './pipeline.js';
import type { StepWork } from './step-view.js';

const pipeline = declaredPipeline();

test('every format that a request may name is made by a step, and no other', () => {
  expect(pipeline.formats).toEqual([...FORMATS].sort());
});

test('V2: a step has work for a request that names one of its formats, and none where its results are there', () => {
  const csv = { formats: ['csv'] };
  expect(pipeline.applicable(csv).map(({ name }) => name)).toEqual([
    'relationships',
    'parties',
    'locations',
    'references',
  ]);
  const [step] = pipeline.steps as [DeclaredStep];
  expect(step.isNeeded({ made: undefined, fits: false })).toBe(true);
  expect(step.isNeeded({ made: step.version, fits: false })).toBe(true);
  expect(step.isNeeded({ made: step.version, fits: true })).toBe(false);
});

test('V6: results that an older version made are outdated, and so are those from before there was a step', () => {
  const now = pipeline.versions({ formats: ['csv'] });
  expect(pipeline.outdated({ formats: ['csv'] }, now)).toEqual([]);
  expect(pipeline.outdated({ formats: ['csv'] }, { ...now, parties: '0' })).toEqual(['parties']);
  const { parties: _, ...without } = now;
  expect(pipeline.outdated({ formats: ['csv'] }, without)).toEqual(['parties']);
  // What was not asked for is not missed.
  expect(pipeline.outdated({ formats: ['xlsx'] }, pipeline.versions({ formats: ['xlsx'] }))).toEqual([]);
});

const about = (name: string) => ({ name, version: 3, formats: ['x'], entities: ['parties' as const] });
const shards = { entity: 'parties', shards: 4, done: 1, failed: 0, rows: 50, rowsExpected: 200 };
const output = { output: 'b.csv', state: 'done' as const, reused: false, files: [], warnings: [] };
const file = { name: 'b.csv', rows: 200, bytes: 9 };

test('V5: what pages show is every step’s context, in the order of the steps, of what the work has left', () => {
  const both = new Pipeline([new DeclaredStep(about('b')), new DeclaredStep(about('a'))]);
  const work: StepWork = {
    shards: [shards],
    outputs: [{ ...output, files: [file], warnings: ['1 party is odd'] }],
    decided: false,
  };
  expect(both.context({ formats: ['x'] }, work)).toMatchObject([
    { name: 'b', version: '3', state: 'done', files: [file], warnings: ['1 party is odd'] },
    { name: 'a', state: 'reading', rows: 50, rowsExpected: 200, shardsDone: 1, shards: 4, files: [] },
  ]);
});

test.each<[string, StepWork]>([
  ['waiting', { shards: [{ ...shards, done: 0, rows: 0 }], outputs: [], decided: false }],
  ['reading', { shards: [shards], outputs: [], decided: false }],
  ['writing', { shards: [{ ...shards, done: 4 }], outputs: [{ ...output, state: 'active' }], decided: false }],
  ['done', { shards: [{ ...shards, done: 4 }], outputs: [output], decided: false }],
  ['reused', { shards: [shards], outputs: [{ ...output, reused: true }], decided: false }],
  ['failed', { shards: [{ ...shards, failed: 1 }], outputs: [], decided: false }],
  ['failed', { shards: [shards], outputs: [], decided: true }],
  ['done', { shards: [{ ...shards, done: 4 }], outputs: [], decided: true }],
])('a step is %s', (state, work) => {
  expect(new DeclaredStep(about('b')).context(work).state).toBe(state);
});
