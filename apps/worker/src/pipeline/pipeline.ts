import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { Entity } from '@parcelpost/shared/records.js';
import type { Fragment, Step } from './step.js';
import { locationsStep, partiesStep, relationshipsStep } from './steps/csv-tables.js';
import { locationsJsonStep, partiesJsonStep, relationshipsJsonStep } from './steps/json-files.js';
import { referencesStep } from './steps/references.js';
import { resourcesStep } from './steps/resources.js';
import { shapefilesStep } from './steps/shapefiles.js';
import { typedTablesStep } from './steps/typed-tables.js';
import { workbookStep } from './steps/workbook.js';

/** The steps in their order, which is the order of the files in a bundle. */
const PIPELINE: readonly Step[] = [
  relationshipsStep,
  partiesStep,
  locationsStep,
  shapefilesStep,
  relationshipsJsonStep,
  partiesJsonStep,
  locationsJsonStep,
  workbookStep,
  typedTablesStep,
  resourcesStep,
  referencesStep,
] as unknown as readonly Step[];

/** The steps that a request asks for. */
export function applicableSteps(options: ExportOptions): Step[] {
  return PIPELINE.filter((step) => step.isApplicable(options));
}

/**
 * The entities that have to be read for a request: one pass each, whatever the number of steps. Those that feed most
 * steps come first, so that the shards that end last are cheap ones and no replica waits for another.
 */
export function neededEntities(options: ExportOptions): Entity[] {
  const steps = new Map<Entity, number>();
  const reading = applicableSteps(options).filter(({ follows }) => !follows);
  for (const entity of reading.flatMap(({ entities }) => entities)) {
    steps.set(entity, (steps.get(entity) ?? 0) + 1);
  }
  return [...steps.keys()].sort((a, b) => (steps.get(b) ?? 0) - (steps.get(a) ?? 0));
}

/** The outputs of an export whose shards left these fragments, as `<step>.<output>`, in the order of the bundle. */
export function outputsOf(options: ExportOptions, fragments: readonly Fragment[]): string[] {
  return applicableSteps(options).flatMap((step) =>
    step
      .outputs(
        fragments.filter((fragment) => fragment.step === step.name),
        options,
      )
      .map((output) => `${step.name}.${output}`),
  );
}

/** The tables and shapefiles of an export of everything have a folder, and so have its workbook and its resource files. */
const FOLDERS: Record<string, string> = { xlsx: 'xls/', resources: 'resources/' };

/** The folder of a step's files in the bundle, with a slash at its end; the empty text where they are in none. */
export function folderOf({ name }: Pick<Step, 'name'>, { outputType, formats }: ExportOptions): string {
  if (outputType === 'all') return FOLDERS[name] ?? 'shp/';
  // What people uploaded may be called as one of our files.
  return name === 'resources' && formats.length > 1 ? 'resources/' : '';
}

/** The step of this name. Throws when there is none, which says that a newer version planned the work. */
export function stepNamed(name: string): Step {
  const step = PIPELINE.find((candidate) => candidate.name === name);
  if (!step) throw new Error(`this worker knows no step ${name}; is it older than the one that planned the export?`);
  return step;
}
