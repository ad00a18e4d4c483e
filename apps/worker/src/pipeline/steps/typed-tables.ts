/** Every format whose columns have types: one map for all of them, and a reduce for each of their outputs. */

import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import { builtIn } from '@parcelpost/shared/pipeline/built-in-steps.js';
import type { RecordOf } from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../../formats/bundle/info.js';
import { amount } from '../../formats/bundle/text.js';
import type { TableEntity } from '../../formats/csv/tables.js';
import { mergeTallies } from '../../formats/tally.js';
import { TypedFragmentEncoder, type Unheld } from '../../formats/typed/fragment.js';
import { NOUNS } from '../changes.js';
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
import { flatGeobufOutputs } from './flatgeobuf.js';
import { geoPackageOutput } from './geopackage.js';
import { parquetOutputs } from './parquet.js';
import type { TypedOutput } from './typed-output.js';

const OUTPUTS: readonly TypedOutput[] = [geoPackageOutput, ...flatGeobufOutputs, ...parquetOutputs];
const ENTITIES = ['locations', 'parties', 'relationships'] as const satisfies readonly TableEntity[];

/** What a shard's map has to say: which of its records are not in the files as they were. */
interface UnheldNotice {
  entity: TableEntity;
  unheld: Unheld;
}

const asked = ({ formats }: ExportOptions) => OUTPUTS.filter(({ format }) => formats.includes(format));

class TypedTablesStep extends Step<TableEntity> {
  constructor() {
    super(builtIn('typed-tables'));
  }

  outputs(_fragments: readonly Fragment[], options: ExportOptions): string[] {
    return asked(options).map(({ name }) => name);
  }

  createMapper<E extends TableEntity>(entity: E, { options }: StepContext, open: OpenFragment): Mapper<E> {
    const outputs = asked(options).filter(({ entities }) => entities.includes(entity));
    return new TypedTablesMapper(this.name, outputs, new TypedFragmentEncoder(entity), open);
  }

  reduce(output: string, input: ReduceInput): Promise<Reduced> {
    return outputNamed(output).reduce(input);
  }

  override fileOf(output: string): string {
    return outputNamed(output).file;
  }

  warnings(notices: readonly Notice[], options: ExportOptions): BundleWarning[] {
    const formats = [...new Set(asked(options).map(({ format }) => format))];
    return ENTITIES.flatMap((entity) => {
      const found = notices.map(({ meta }) => meta as UnheldNotice).filter((notice) => notice.entity === entity);
      const notFinite = mergeTallies(found.map(({ unheld }) => unheld.notFinite));
      const characters = mergeTallies(found.map(({ unheld }) => unheld.characters));
      const records = (count: number) => amount(count, ...NOUNS[entity]);
      return formats
        .flatMap((format) => [
          {
            code: `${format}-not-finite`,
            message: `${records(notFinite.count)} without a geometry in the files of the format ${format}: a coordinate is not a finite number`,
            ...notFinite,
          },
          {
            code: `${format}-no-character`,
            message: `${records(characters.count)} in the files of the format ${format} with \ufffd in the place of what is no character (U+0000, or half of one)`,
            ...characters,
          },
        ])
        .filter(({ count }) => count > 0);
    });
  }
}

function outputNamed(name: string): TypedOutput {
  const output = OUTPUTS.find((candidate) => candidate.name === name);
  if (!output) throw new Error(`this worker knows no output ${name} of typed tables`);
  return output;
}

/** One fragment, for all outputs that the entity's records are in. */
class TypedTablesMapper<E extends TableEntity> implements Mapper<E> {
  #writer: (StorageWriter & { key: string }) | undefined;

  constructor(
    readonly step: string,
    readonly outputs: readonly TypedOutput[],
    readonly encoder: TypedFragmentEncoder<E>,
    readonly open: OpenFragment,
  ) {}

  async add(records: readonly RecordOf[E][]): Promise<void> {
    await this.#write(this.encoder.encode(records));
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: Notice[] }> {
    const { frames, meta, unheld } = this.encoder.finish();
    await this.#write(frames);
    if (!this.#writer) return { fragments: [], notices: [] };
    await this.#writer.commit();
    const { key, bytes } = this.#writer;
    const notice: UnheldNotice = { entity: this.encoder.entity, unheld };
    const said = unheld.notFinite.count + unheld.characters.count > 0;
    return {
      fragments: this.outputs.map(({ name }) => ({ step: this.step, output: name, key, bytes, meta })),
      notices: said ? [{ step: this.step, meta: notice }] : [],
    };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }

  async #write(frames: readonly Buffer[]): Promise<void> {
    for (const frame of frames) {
      this.#writer ??= await this.open(`${this.step}.rows`);
      await this.#writer.write(frame);
    }
  }
}

export const typedTablesStep = new TypedTablesStep();
