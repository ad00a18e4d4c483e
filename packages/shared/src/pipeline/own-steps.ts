/** Steps of an installation's own, from a module that its configuration names. */
import { z } from 'zod';
import { ConfigError } from '../config.js';
import type { ExportOptions } from '../export-request.js';
import { jsonPointer } from '../field-errors.js';
import { loadOwnModule } from '../own-module.js';
import { type AttributeSchemas, ENTITIES, type Entity, type RecordOf } from '../records.js';
import { DeclaredStep, type StepAbout } from './declared-step.js';

/** What an own step is told of the export. */
export interface OwnStepContext {
  options: ExportOptions;
  /** The project's forms. */
  schemas: AttributeSchemas;
  /** Slug of the project. */
  project: string;
  /** Stands in files that want a date: always the same, since the same data is to make the same bytes. */
  date: Date;
}

/** Text or bytes, at once or piece by piece. */
export type OwnContent = string | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** What its map has left of one shard. */
export interface OwnFragment {
  entity: Entity;
  bytes: number;
  read(): AsyncIterable<Buffer>;
}

/** A finished file of a step before it. */
export interface OwnEarlierFile {
  step: string;
  /** As it is called in the bundle. */
  name: string;
  /** Records in it; null where that makes no sense. */
  rows: number | null;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
  read(): AsyncIterable<Buffer>;
}

export interface OwnReduceInput {
  context: OwnStepContext;
  /** In the order of the entities, and of the records in each. */
  fragments: readonly OwnFragment[];
  /** Those of the steps that it `uses`, in the order of the bundle. */
  files: readonly OwnEarlierFile[];
  /** Writes a file of the bundle. `rows`: the records in it, null where that makes no sense. */
  write(name: string, content: OwnContent, about?: { rows?: number | null }): Promise<void>;
  /** Tells readers of the bundle something: a line in its README, and in the result. */
  warn(warning: { code: string; message: string; count?: number; ids?: readonly string[] }): void;
  /** Aborted when the work is not wanted any more. */
  signal: AbortSignal;
}

/** A step of one's own. docs/own-steps.md says how to write one. */
export interface OwnStep {
  name: string;
  version: number | string;
  /** What it makes, in one sentence. */
  summary: string;
  formats: string[];
  entities: Entity[];
  /** The step before which it stands; at the end without it. */
  before?: string | undefined;
  uses: string[] | 'all';
  lasting: boolean;
  /** What a batch of records of one list becomes; pieces are joined in the order of the records. Keeps nothing between batches. */
  map?:
    | (<E extends Entity>(
        records: readonly RecordOf[E][],
        entity: E,
        context: OwnStepContext,
      ) => string | Uint8Array | Promise<string | Uint8Array>)
    | undefined;
  /** Makes the files. May run twice, on any machine; the same input is to come to the same bytes. */
  reduce(input: OwnReduceInput): Promise<void> | void;
}

const MOST_FORMATS = 20;
const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and -, beginning with a letter, at most 40');
// Not z.function: what is called is the module's own function, with its own `this`.
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', 'must be a function');

const ownStep = z
  .strictObject({
    name,
    version: z.union([z.int().nonnegative(), z.string().min(1).max(40)], 'must be a whole number or a text'),
    summary: z.string().regex(/\S/, 'must be a sentence that says what it makes').max(500),
    formats: z.array(name).min(1, 'must name at least one format').max(MOST_FORMATS),
    entities: z.array(z.enum(ENTITIES)).default([]),
    before: z.string().optional(),
    uses: z.union([z.literal('all'), z.array(z.string())], 'must be a list of names of steps, or "all"').default([]),
    lasting: z.boolean().default(true),
    map: callable.optional(),
    reduce: callable,
  })
  .superRefine(({ entities, map }, context) => {
    if (entities.length > 0 === (map !== undefined)) return;
    const message = map
      ? 'is never called: name the lists whose records it maps in `entities`'
      : 'is missing: there are `entities` to map';
    context.addIssue({ code: 'custom', path: ['map'], message });
  });

const MEMBERS = ['name', 'version', 'summary', 'formats', 'entities', 'before', 'uses', 'lasting', 'map', 'reduce'];

/** Of a class's object what it has beside is its own affair; a plain object has a member that nobody knows by mistake. */
function itsMembers(step: unknown): unknown {
  if (typeof step !== 'object' || step === null || Object.getPrototypeOf(step) === Object.prototype) return step;
  const given = step as Record<string, unknown>;
  return Object.fromEntries(MEMBERS.filter((member) => member in given).map((member) => [member, given[member]]));
}

const ownSteps = z.object({ steps: z.array(z.preprocess(itsMembers, ownStep)).min(1, 'has no step') });

/**
 * Loads an installation's own steps: the export `steps` of an ES module, a list.
 * @param module a path, from the working directory, or a package's name
 * @throws {ConfigError} naming what is wrong, by a JSON Pointer into what the module exports
 */
export async function loadOwnSteps(module: string): Promise<OwnStep[]> {
  const loaded = await loadOwnModule('STEPS_MODULE', module);
  const parsed = ownSteps.safeParse({ steps: loaded.steps });
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${jsonPointer(path)}: ${message}`);
    throw new ConfigError(`STEPS_MODULE is wrong: ${module}: ${lines.join('; ')}`);
  }
  const given = loaded.steps as OwnStep[];
  // With its defaults, and as the object that the module made: its functions may look at `this`.
  return parsed.data.steps.map((step, index) => Object.assign(Object.create(given[index] as OwnStep), step) as OwnStep);
}

/** What it declares, as the pipeline has it. */
export function declarationOf({ name, version, formats, entities, uses, lasting }: OwnStep): StepAbout {
  return { name, version, formats, entities: [...new Set(entities)], uses, lasting };
}

/** Own steps as the producer puts them into its pipeline. */
export const declaredOwnSteps = (own: readonly OwnStep[]) =>
  own.map((step) => ({
    step: new DeclaredStep(declarationOf(step)),
    ...(step.before !== undefined && { before: step.before }),
  }));
