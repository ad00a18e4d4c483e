/**
 * What outlives an export for others of the same data: which parts there are, and by what they are known again. Pure.
 *
 * A part is all that a step came to; of a step that follows the reading of others also what it left of each list, so that
 * these need not be read for its sake alone.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@parcelpost/shared/canonical-json.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { FinishedPart } from '@parcelpost/shared/db/services/finished-parts.js';
import type { AttributeSchemas, Entity, ProjectInfo } from '@parcelpost/shared/records.js';
import type { WorkerPipeline } from './pipeline.js';
import type { Fragment, Reduced, Step } from './step.js';

/** All that a step came to, as it is kept. Names of files are without the folder that they have in a bundle. */
export interface StepPart {
  outputs: { output: string; rows: number; bytes: number; reduced: Reduced }[];
  /** What its maps had to say. */
  notices: unknown[];
}

/** What a following step left of one list. */
export interface ListPart {
  fragments: Fragment[];
}

/** Keys of parts: of whole steps by their names, of lists by `<step>/<entity>`. */
export type PartKeys = Readonly<Record<string, string>>;

/** Whose data parts are made of. */
export interface PartSource {
  /** Which platform answered, since each has its own projects and versions. */
  platform: string;
  /** Whose parts these are to be alone; undefined where all who may export a project see the same of it. */
  person: string | undefined;
}

/** What an export takes of others. Kept with its plan. */
export interface Reused {
  /** By step: its outputs, without the step's name, and what its maps had said. */
  steps: Record<string, { outputs: string[]; notices: unknown[] }>;
  /** In place of those that maps of lists would leave which are not read. */
  fragments: Fragment[];
  /** Records of lists that are not read. */
  rows: number;
  /** When the oldest part was made; ISO 8601 in UTC. */
  since: string;
}

const listPart = (step: Step, entity: Entity) => `${step.name}/${entity}`;

/**
 * The keys of all parts that an export can have. Whatever bears on the bytes is in them, but for the version of the step,
 * which is looked at apart. There are none where the platform tells no version of its data, or the step is not lasting.
 * @param source whose data it is
 */
export function partKeys(
  pipeline: WorkerPipeline,
  { organization, project: slug, options }: Pick<ExportRow, 'organization' | 'project' | 'options'>,
  project: Pick<ProjectInfo, 'id' | 'dataVersions' | 'attributeSchemas'>,
  source: PartSource,
): PartKeys {
  const { dataVersions } = project;
  if (!dataVersions) return {};
  const schemas: AttributeSchemas = project.attributeSchemas ?? {};
  const keyOf = (name: string, data: readonly Entity[], bearing: unknown): [string, string][] => {
    const versions = data.map((entity) => dataVersions[entity]);
    if (versions.includes(undefined)) return [];
    const about = { organization, slug, project: project.id, ...source, name, data, versions, bearing, schemas };
    // Through JSON, since of what was asked members may be undefined.
    const text = canonicalJson(JSON.parse(JSON.stringify(about)));
    return [[name, createHash('sha256').update(text).digest('hex')]];
  };
  const lists = pipeline.entities(options);
  const steps = pipeline.applicable(options).filter(({ lasting }) => lasting);
  return Object.fromEntries(
    steps.flatMap((step) => [
      ...(step.follows && !concerned(step, lists) ? [] : keyOf(step.name, step.data, step.bearing(options))),
      ...(step.follows ? followed(step, lists).flatMap((entity) => keyOf(listPart(step, entity), [entity], null)) : []),
    ]),
  );
}

/** Lists that a following step reads along, and whose data bear on what it makes. */
const followed = (step: Step, lists: readonly Entity[]) => step.data.filter((entity) => lists.includes(entity));

/** A following step comes to something only where all that it is about is read. */
const concerned = (step: Step, lists: readonly Entity[]) => followed(step, lists).length === step.data.length;

/**
 * What of the parts that are there is taken, and which lists are left to be read. A step whose parts fit is not needed; a list
 * that no needed step maps is not read.
 * @param found by their keys; what is not in storage any more is not among them
 * @param lists of the whole export, in their order
 */
export function choose(
  pipeline: WorkerPipeline,
  { options }: Pick<ExportRow, 'options'>,
  keys: PartKeys,
  found: ReadonlyMap<string, FinishedPart>,
): { taken: Map<string, FinishedPart>; lists: Entity[] } {
  const all = pipeline.entities(options);
  const taken = new Map<string, FinishedPart>();
  const steps = pipeline.applicable(options);
  const partOf = (name: string, step: Step) => {
    const key = keys[name];
    const part = key === undefined ? undefined : found.get(key);
    return part && !step.isNeeded({ made: part.version, fits: true }) ? part : undefined;
  };
  for (const step of steps) {
    const part = partOf(step.name, step);
    if (part) taken.set(step.name, part);
  }
  const without = (name: string) => taken.has(name);
  const lists = pipeline.entities(options, without);
  for (const step of steps.filter(({ follows, name }) => follows && !taken.has(name))) {
    if (!concerned(step, all)) continue;
    for (const entity of followed(step, all).filter((each) => !lists.includes(each))) {
      const part = partOf(listPart(step, entity), step);
      if (part) taken.set(listPart(step, entity), part);
      else lists.push(entity);
    }
  }
  return { taken, lists };
}

/** Every object of storage that a part consists of. */
export function objectsOf({ content }: Pick<FinishedPart, 'content'>): { key: string; bytes: number }[] {
  const { outputs = [], fragments = [] } = content as Partial<StepPart & ListPart>;
  return [...outputs.flatMap(({ reduced }) => reduced.files), ...fragments];
}
