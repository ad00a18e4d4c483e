/** A bundle made of given records by the steps of the pipeline in this process: no queue, no database, no platform. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { AttributeSchemas, Entity, RecordOf } from '@parcelpost/shared/records.js';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { sinkStream } from '../../apps/worker/src/formats/sink.js';
import { writeZip } from '../../apps/worker/src/formats/zip/write.js';
import { type BundlePart, documents } from '../../apps/worker/src/pipeline/documents.js';
import { BUILT_IN_PIPELINE } from '../../apps/worker/src/pipeline/pipeline.js';
import type { Plan } from '../../apps/worker/src/pipeline/plan.js';
import {
  FILE_DATE,
  type Fragment,
  type Notice,
  type OutputFile,
  type Reduced,
  type StepContext,
} from '../../apps/worker/src/pipeline/step.js';

/** The records of a project, by entity. */
export type ProjectRecords = { [E in Entity]?: readonly RecordOf[E][] };

export interface MakeOptions {
  records: ProjectRecords;
  /** Beside `formats`, what is not the default. */
  options: Partial<ExportOptions> & Pick<ExportOptions, 'formats'>;
  schemas?: AttributeSchemas;
  /** Cuts an entity's records into shards, and these into batches; default: one of each. */
  shards?(records: readonly unknown[]): unknown[][][];
  /** Where storage and bundle are put. */
  folder: string;
}

/** All that a step left which a bundle, or another export, is made of. */
export interface StepMade {
  fragments: Fragment[];
  notices: Notice[];
  reduced: Reduced[];
}

/** Makes a bundle. @returns the path of its zip, what it was zipped of, and what each step left */
export async function makeBundle(
  made: MakeOptions,
): Promise<{ zip: string; parts: BundlePart[]; storage: Storage; steps: Map<string, StepMade> }> {
  const { records, schemas = {}, folder, shards = (all) => [[[...all]]] } = made;
  mkdirSync(folder, { recursive: true });
  const storage = new FileStorage(join(folder, 'storage'));
  const options: ExportOptions = {
    outputType: 'custom',
    csv: { bom: false, escapeFormulas: true },
    allowPartial: false,
    ...made.options,
  };
  const context: StepContext = { options, schemas, project: 'made', date: FILE_DATE };
  const open = async (key: string) => Object.assign(await storage.create(key), { key });

  const fragments: Fragment[] = [];
  const notices: Notice[] = [];
  for (const entity of BUILT_IN_PIPELINE.entities(options)) {
    for (const [shard, batches] of shards(records[entity] ?? []).entries()) {
      for (const step of BUILT_IN_PIPELINE.applicable(options).filter(({ entities }) => entities.includes(entity))) {
        const mapper = step.createMapper(entity, context, (name) =>
          open(`work/map-${step.name}-${entity}-${shard}/${name}`),
        );
        for (const batch of batches) await mapper.add(batch as never);
        const left = await mapper.finish();
        fragments.push(...left.fragments);
        notices.push(...left.notices);
      }
    }
  }

  const steps = new Map(
    BUILT_IN_PIPELINE.applicable(options).map(({ name }): [string, StepMade] => [
      name,
      {
        fragments: fragments.filter(({ step }) => step === name),
        notices: notices.filter(({ step }) => step === name),
        reduced: [],
      },
    ]),
  );
  const files: OutputFile[] = [];
  const warnings = [];
  for (const output of BUILT_IN_PIPELINE.outputs(options, fragments)) {
    const dot = output.indexOf('.');
    const step = BUILT_IN_PIPELINE.applicable(options).find(({ name }) => name === output.slice(0, dot));
    const own = fragments.filter((each) => each.step === step?.name && each.output === output.slice(dot + 1));
    const reduced = await step?.reduce(output.slice(dot + 1), {
      context,
      // As the reduce gets them: by entity in the step's order.
      fragments: (step?.entities ?? []).flatMap((entity) =>
        own.filter(({ key }) => key.startsWith(`work/map-${step?.name}-${entity}-`)),
      ),
      storage,
      open: (name) => open(`work/reduce-${output}/${name}`),
      signal: new AbortController().signal,
    });
    if (reduced && step) steps.get(step.name)?.reduced.push(reduced);
    files.push(...(reduced?.files ?? []));
    warnings.push(...(reduced?.warnings ?? []));
  }

  const plan: Plan = {
    project: { name: 'Made', organizationName: 'Makers', country: 'GB', description: '' },
    schemas,
    shards: [],
  };
  const row = {
    id: '00000000-0000-4000-8000-000000000000',
    organization: 'makers',
    project: 'made',
    requester: { id: 'u1', name: 'Ana Souza', email: 'ana@example.org', language: 'en' },
    requestedAt: FILE_DATE,
    options,
  } as ExportRow;
  const { parts } = documents({
    pipeline: BUILT_IN_PIPELINE,
    row,
    bundle: 'made.zip',
    plan,
    files,
    notices,
    warnings,
    missing: [],
    consistent: true,
    softwareVersion: '0.0.0',
  });

  const target = await storage.create('bundle.zip');
  async function* sources() {
    for (const { name, bytes, from } of parts) {
      const source = typeof from === 'string' ? storage.read(from) : from;
      yield { name, bytes, source, store: name.endsWith('.xlsx') };
    }
  }
  await writeZip(sources(), sinkStream(target), { level: 1, date: FILE_DATE });
  await target.commit();
  return { zip: join(folder, 'storage', 'bundle.zip'), parts, storage, steps };
}
