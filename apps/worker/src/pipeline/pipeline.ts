import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import { BUILT_IN_STEPS, type BuiltInStepName } from '@parcelpost/shared/pipeline/built-in-steps.js';
import type { OwnStep } from '@parcelpost/shared/pipeline/own-steps.js';
import { inOrder, Pipeline } from '@parcelpost/shared/pipeline/pipeline.js';
import type { Entity } from '@parcelpost/shared/records.js';
import { asStep } from './own-step.js';
import type { Reused } from './parts.js';
import type { Fragment, Step } from './step.js';
import { locationsStep, partiesStep, relationshipsStep } from './steps/csv-tables.js';
import { locationsJsonStep, partiesJsonStep, relationshipsJsonStep } from './steps/json-files.js';
import { referencesStep } from './steps/references.js';
import { resourcesStep } from './steps/resources.js';
import { shapefilesStep } from './steps/shapefiles.js';
import { typedTablesStep } from './steps/typed-tables.js';
import { workbookStep } from './steps/workbook.js';

/** The steps that do what `BUILT_IN_STEPS` declares; that list is their order. */
const STEPS = {
  relationships: relationshipsStep,
  parties: partiesStep,
  locations: locationsStep,
  shapefiles: shapefilesStep,
  'relationships-json': relationshipsJsonStep,
  'parties-json': partiesJsonStep,
  'locations-json': locationsJsonStep,
  xlsx: workbookStep,
  'typed-tables': typedTablesStep,
  resources: resourcesStep,
  references: referencesStep,
} as unknown as Readonly<Record<BuiltInStepName, Step>>;

/** The tables and shapefiles of an export of everything have a folder, and so have its workbook and its resource files. */
const FOLDERS: Record<string, string> = { xlsx: 'xls/', resources: 'resources/' };

/** The step of an output, `<step>.<output>`. */
const stepOf = (output: string) => output.slice(0, output.indexOf('.'));

/** The steps with all that they do. */
export class WorkerPipeline extends Pipeline<Step> {
  /** @param own steps of the installation's own */
  constructor(own: readonly OwnStep[] = []) {
    const ours = own.map((step) => ({ step: asStep(step), ...(step.before !== undefined && { before: step.before }) }));
    super(
      inOrder(
        BUILT_IN_STEPS.map(({ name }) => STEPS[name]),
        ours,
      ),
    );
  }

  /**
   * The entities that have to be read for a request: one pass each, whatever the number of steps. Those that feed most
   * steps come first, so that the shards that end last are cheap ones and no replica waits for another.
   * @param without steps that have no work
   */
  entities(options: ExportOptions, without: (name: string) => boolean = () => false): Entity[] {
    const steps = new Map<Entity, number>();
    const reading = this.applicable(options).filter(({ follows, name }) => !follows && !without(name));
    for (const entity of reading.flatMap(({ entities }) => entities)) {
      steps.set(entity, (steps.get(entity) ?? 0) + 1);
    }
    return [...steps.keys()].sort((a, b) => (steps.get(b) ?? 0) - (steps.get(a) ?? 0));
  }

  /** The folder of a step's files in the bundle, with a slash at its end; the empty text where they are in none. */
  folderOf({ name }: Pick<Step, 'name'>, options: ExportOptions): string {
    if (options.outputType === 'all') return FOLDERS[name] ?? 'shp/';
    // What people uploaded may be called as a file of another step; one that follows makes none.
    const others = this.applicable(options).some((step) => step.name !== name && !step.follows);
    return name === 'resources' && others ? 'resources/' : '';
  }

  /**
   * The outputs of an export whose shards left these fragments, as `<step>.<output>`, in the order of the bundle.
   * @param reused what is taken of earlier exports
   */
  outputs(options: ExportOptions, fragments: readonly Fragment[], reused?: Reused): string[] {
    const all = [...(reused?.fragments ?? []), ...fragments];
    return this.applicable(options).flatMap((step) => {
      const own = all.filter((fragment) => fragment.step === step.name);
      const outputs = reused?.steps[step.name]?.outputs ?? step.outputs(own, options);
      return outputs.map((output) => `${step.name}.${output}`);
    });
  }

  /** Whose files a step reads: of the steps before it that are asked for, those that it names. */
  usedBy(step: Step, options: ExportOptions): Step[] {
    if (step.uses.length === 0) return [];
    const steps = this.applicable(options);
    const before = steps.slice(0, steps.indexOf(step));
    return step.uses === 'all' ? before : before.filter(({ name }) => step.uses.includes(name));
  }

  /**
   * In which turn outputs are made that are not made yet.
   * @param outputs of the whole export
   * @param stateOf how the work on one stands; undefined where it has not begun
   * @returns `first`: those that `later` ones read the files of; `free`: those that nobody waits for, and that wait for nobody
   */
  turns(
    options: ExportOptions,
    outputs: readonly string[],
    stateOf: (output: string) => string | undefined,
  ): { first: string[]; free: string[]; later: string[] } {
    const ended = ['done', 'failed', 'aborted'];
    const open = outputs.filter((output) => !ended.includes(stateOf(output) ?? ''));
    const openSteps = new Set(open.map(stepOf));
    const waitsFor = new Map(
      [...openSteps].map((name) => {
        const used = this.usedBy(this.named(name), options);
        return [name, used.map((step) => step.name).filter((step) => openSteps.has(step))];
      }),
    );
    const waitedFor = new Set([...waitsFor.values()].flat());
    const later = open.filter((output) => (waitsFor.get(stepOf(output)) ?? []).length > 0);
    const now = open.filter((output) => !later.includes(output));
    return {
      first: now.filter((output) => waitedFor.has(stepOf(output))),
      free: now.filter((output) => !waitedFor.has(stepOf(output))),
      later,
    };
  }

  /** The step of this name. Throws when there is none, which says that a newer version planned the work. */
  named(name: string): Step {
    const step = this.steps.find((candidate) => candidate.name === name);
    if (!step) throw new Error(`this worker knows no step ${name}; is it older than the one that planned the export?`);
    return step;
  }
}

/** That of an installation without steps of its own. */
export const BUILT_IN_PIPELINE = new WorkerPipeline();
