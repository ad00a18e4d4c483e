/** docs/signatures.md is what people write canvases by: its examples are taken, and its figures are those of the code. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { exportRequestSchema } from '../export-request.js';
import { fieldErrors } from '../field-errors.js';
import { validateSignatures } from './check.js';
import { BUILT_IN_TASKS, createRegistry, defaultsOf } from './registry.js';
import { optionsSchema } from './schema.js';
import { RESULT_BYTES, SIGNATURE_LIMITS } from './signature.js';

const text = readFileSync(new URL('../../../../docs/signatures.md', import.meta.url), 'utf8');
const examples = [...text.matchAll(/^```json\n(.*?)^```/gms)].map(([, code]) => JSON.parse(code as string));
const row = (name: string) => text.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
const figure = (n: number) => n.toLocaleString('en-GB');

it('has examples, and the service takes each of them', () => {
  expect(examples.length).toBeGreaterThanOrEqual(3);
  const registry = createRegistry({ routes: ['gis'] });
  for (const example of examples) {
    const body =
      'outputType' in example || 'formats' in example ? example : { outputType: 'shp', onSuccess: [example] };
    const parsed = exportRequestSchema.safeParse(body);
    expect(fieldErrors(parsed.error?.issues ?? [])).toEqual([]);
    const { onSuccess, onFailure } = exportRequestSchema.parse(body);
    expect(validateSignatures(onSuccess, '/onSuccess', registry)).toEqual([]);
    expect(validateSignatures(onFailure, '/onFailure', registry)).toEqual([]);
  }
});

it('names every task with its arguments and its tries', () => {
  for (const [name, { args }] of Object.entries(BUILT_IN_TASKS)) {
    for (const argument of Object.keys(args.shape))
      expect(row(name), `${name} ${argument}`).toContain(`\`${argument}\``);
    const { attempts, backoff } = defaultsOf(name);
    expect(row(name)).toContain(`| ${attempts}, from ${backoff / 1000} s`);
  }
});

it('names every option with what it may be', () => {
  for (const [name, option] of Object.entries(optionsSchema.shape)) {
    const { minValue, maxValue } = option.unwrap();
    expect(row(name)).toContain(`${figure(minValue as number)} – ${figure(maxValue as number)}`);
  }
});

it('names every limit as it is', () => {
  for (const limit of Object.values(SIGNATURE_LIMITS))
    expect(text).toMatch(new RegExp(`\\| ${figure(limit)}( |$)`, 'm'));
  expect(text).toContain(`at most ${RESULT_BYTES / 1024} KB`);
});
