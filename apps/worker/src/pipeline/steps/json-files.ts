/**
 * The records as JSON: locations.geojson, parties.json and relationships.json (`geojson`); and, a record a line,
 * locations.geojsonl, parties.jsonl and relationships.jsonl (`geojsonl`). Both are made of the same fragments.
 */

import type { ExportOptions, Format } from '@parcelpost/shared/export-request.js';
import { builtIn } from '@parcelpost/shared/pipeline/built-in-steps.js';
import type { RecordOf } from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../../formats/bundle/info.js';
import type { TableEntity } from '../../formats/csv/tables.js';
import { JsonFragmentEncoder, type JsonFragmentMeta, type NotedGeometries } from '../../formats/geojson/fragment.js';
import { memberColumns } from '../../formats/geojson/records.js';
import { ARRAY, FEATURE_COLLECTION, type Frame, LINES, reduceJson } from '../../formats/geojson/reduce.js';
import { geometryWarnings } from '../../formats/geojson/warnings.js';
import { formOf } from '../forms.js';
import { HashingWriter } from '../hashing-writer.js';
import {
  type Fragment,
  type Mapper,
  type Notice,
  type OpenFragment,
  type Reduced,
  type ReduceInput,
  Step,
  type StepContext,
} from '../step.js';

const OUTPUTS = ['geojson', 'geojsonl'] as const satisfies readonly Format[];
type Output = (typeof OUTPUTS)[number];

const FILES: Record<TableEntity, Record<Output, { file: string; frame: Frame }>> = {
  relationships: {
    geojson: { file: 'relationships.json', frame: ARRAY },
    geojsonl: { file: 'relationships.jsonl', frame: LINES },
  },
  parties: { geojson: { file: 'parties.json', frame: ARRAY }, geojsonl: { file: 'parties.jsonl', frame: LINES } },
  locations: {
    geojson: { file: 'locations.geojson', frame: FEATURE_COLLECTION },
    geojsonl: { file: 'locations.geojsonl', frame: LINES },
  },
};

const asked = ({ formats }: ExportOptions) => OUTPUTS.filter((output) => formats.includes(output));

class JsonFilesStep<E extends TableEntity> extends Step<E> {
  constructor(readonly entity: E) {
    super(builtIn(`${entity}-json`));
  }

  outputs(_fragments: readonly Fragment[], options: ExportOptions): string[] {
    return asked(options);
  }

  createMapper(_entity: E, context: StepContext, open: OpenFragment): Mapper<E> {
    const form = formOf(this.entity, context.schemas).map(({ name }) => name);
    return new JsonMapper(this.name, asked(context.options), new JsonFragmentEncoder(this.entity, form), open);
  }

  async reduce(output: string, input: ReduceInput): Promise<Reduced> {
    const { context, fragments, storage, signal } = input;
    const { file, frame } = FILES[this.entity][output as Output];
    const metas = fragments.map(({ meta }) => meta as JsonFragmentMeta);
    const target = await input.open(file);
    const writer = new HashingWriter(target);
    try {
      const rows = await reduceJson(
        fragments.map(({ key }, i) => ({ meta: metas[i] as JsonFragmentMeta, open: () => storage.read(key) })),
        {
          write: (chunk) => {
            signal.throwIfAborted();
            return writer.write(chunk);
          },
        },
        frame,
      );
      const sha256 = await writer.commit();
      const columns = memberColumns(
        this.entity,
        formOf(this.entity, context.schemas),
        metas.flatMap(({ keys }) => keys),
      );
      return { files: [{ name: file, key: target.key, rows, bytes: writer.bytes, sha256, columns }], warnings: [] };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  override fileOf(output: string): string {
    return FILES[this.entity][output as Output].file;
  }

  warnings(notices: readonly Notice[], options: ExportOptions): BundleWarning[] {
    return geometryWarnings(
      notices.map(({ meta }) => meta as NotedGeometries),
      asked(options).map((output) => FILES[this.entity][output].file),
    );
  }
}

class JsonMapper<E extends TableEntity> implements Mapper<E> {
  #writer: (StorageWriter & { key: string }) | undefined;

  constructor(
    readonly step: string,
    readonly outputs: readonly Output[],
    readonly encoder: JsonFragmentEncoder<E>,
    readonly open: OpenFragment,
  ) {}

  async add(records: readonly RecordOf[E][]): Promise<void> {
    this.#writer ??= await this.open(`${this.step}.jsonl`);
    await this.#writer.write(this.encoder.encode(records));
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: Notice[] }> {
    if (!this.#writer) return { fragments: [], notices: [] };
    await this.#writer.commit();
    const { key, bytes } = this.#writer;
    const { meta, noted } = this.encoder.finish();
    return {
      fragments: this.outputs.map((output) => ({ step: this.step, output, key, bytes, meta })),
      notices: Object.keys(noted).length > 0 ? [{ step: this.step, meta: noted }] : [],
    };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }
}

export const relationshipsJsonStep = new JsonFilesStep('relationships');
export const partiesJsonStep = new JsonFilesStep('parties');
export const locationsJsonStep = new JsonFilesStep('locations');
