import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { declaredOwnSteps, loadOwnSteps } from './own-steps.js';
import { declaredPipeline } from './pipeline.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-steps-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let modules = 0;
function moduleOf(source: string): string {
  const path = join(folder, `steps-${++modules}.mjs`);
  writeFileSync(path, source);
  return path;
}
const GOOD = `name: 'kml', version: 1, summary: 'KML', formats: ['kml'], entities: ['locations'], map: () => '', reduce: () => {}`;
const load = (steps: string) => loadOwnSteps(moduleOf(`export const steps = ${steps};`));
const pipelineOf = async (steps: string) => declaredPipeline(declaredOwnSteps(await load(steps)));
const names = async (steps: string) => (await pipelineOf(steps)).steps.map(({ name }) => name);

test('the example of the documentation is loaded, and its formats can be asked for', async () => {
  const pipeline = declaredPipeline(declaredOwnSteps(await loadOwnSteps('docs/examples/own-steps.mjs')));
  expect(pipeline.formats).toEqual(expect.arrayContaining(['csv', 'kml', 'sha256sums', 'xlsx']));
  const order = pipeline.steps.map(({ name }) => name);
  expect(order.indexOf('kml')).toBe(order.indexOf('xlsx') - 1);
  expect(order.at(-1)).toBe('sums');
});

test('V1: the order is the one that is declared, with steps of one’s own before what they name or at the end', async () => {
  const own = `[{ ${GOOD}, before: 'parties' }, { ${GOOD}, name: 'later' }, { ${GOOD}, name: 'first', before: 'kml' }]`;
  const order = await names(own);
  expect(order.slice(0, 4)).toEqual(['relationships', 'first', 'kml', 'parties']);
  expect(order.at(-1)).toBe('later');
});

test('a step is a class’s object as well as a plain one, and keeps what it has', async () => {
  const module = moduleOf(`class Kml {
    name = 'kml'; version = 'a'; summary = 'KML'; formats = ['kml']; entities = ['locations'];
    sign = '!';
    map() { return this.sign; }
    reduce() {}
  }
  export const steps = [new Kml()];`);
  const [kml] = await loadOwnSteps(module);
  expect(kml?.map?.([], 'locations', {} as never)).toBe('!');
  expect(kml).toMatchObject({ uses: [], lasting: true });
});

describe('a module that cannot be used ends the start, and the message names the field', () => {
  test.each([
    ['7', '/steps: '],
    ['[]', '/steps: has no step'],
    [`[{ ${GOOD}, name: 'K M L' }]`, '/steps/0/name: must be lower-case letters'],
    [`[{ ${GOOD}, version: undefined }]`, '/steps/0/version: must be a whole number or a text'],
    [`[{ ${GOOD}, formats: [] }]`, '/steps/0/formats: must name at least one format'],
    [`[{ ${GOOD}, entities: ['parcels'] }]`, '/steps/0/entities/0: '],
    [`[{ ${GOOD}, map: undefined }]`, '/steps/0/map: is missing'],
    [`[{ ${GOOD}, entities: [] }]`, '/steps/0/map: is never called'],
    [`[{ ${GOOD}, reduce: 'x' }]`, '/steps/0/reduce: must be a function'],
    [`[{ ${GOOD}, uses: 'some' }]`, '/steps/0/uses: must be a list of names of steps, or "all"'],
    [`[{ ${GOOD}, color: 'red' }]`, '/steps/0: '],
  ])('%s', async (steps, message) => {
    await expect(load(steps)).rejects.toThrow(message);
    await expect(load(steps)).rejects.toThrow(/^STEPS_MODULE is wrong: /);
  });

  test.each([
    [`[{ ${GOOD}, name: 'parties' }]`, 'the step "parties" has the name of another step'],
    [`[{ ${GOOD} }, { ${GOOD} }]`, 'the step "kml" has the name of another step'],
    [`[{ ${GOOD}, before: 'nothing' }]`, 'is to stand before "nothing", which is no step'],
    [`[{ ${GOOD}, uses: ['xlsx'], before: 'xlsx' }]`, 'uses "xlsx", which is no step before it'],
  ])('keys that clash are not silent: %s', async (steps, message) => {
    await expect(pipelineOf(steps)).rejects.toThrow(message);
  });

  test('one that is not there', async () => {
    await expect(loadOwnSteps(join(folder, 'none.mjs'))).rejects.toThrow(/^STEPS_MODULE is wrong: .* is not found/);
  });
});
