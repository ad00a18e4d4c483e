import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { OwnStep } from '@parcelpost/shared/pipeline/own-steps.js';
import { expect, test } from 'vitest';
import { WorkerPipeline } from './pipeline.js';

const INDEX: OwnStep = {
  name: 'index',
  version: 1,
  summary: 'What was uploaded',
  formats: ['resources'],
  entities: [],
  uses: [],
  lasting: true,
  reduce: () => {},
};
const asked = (...formats: string[]) => ({ outputType: 'custom', formats }) as unknown as ExportOptions;

test.each<[string, OwnStep[], string[], string]>([
  ['in none where nothing else is in the bundle', [], ['resources'], ''],
  ['in one of their own beside files of ours', [], ['csv', 'resources'], 'resources/'],
  ['in one of their own beside those of a step that answers to the same format', [INDEX], ['resources'], 'resources/'],
])('the files that people uploaded are %s', (_, own, formats, folder) => {
  expect(new WorkerPipeline(own).folderOf({ name: 'resources' }, asked(...formats))).toBe(folder);
});
