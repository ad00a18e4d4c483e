/** relationships.csv, parties.csv and locations.csv: one table an entity. */
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { AttributeField, RecordOf } from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import { CsvFragmentEncoder, type CsvFragmentMeta } from '../../formats/csv/fragment.js';
import { reduceCsv } from '../../formats/csv/reduce.js';
import { TABLES, type TableEntity } from '../../formats/csv/tables.js';
import { formOf } from '../forms.js';
import { HashingWriter } from '../hashing-writer.js';
import type { Fragment, Mapper, OpenFragment, Reduced, ReduceInput, Step, StepContext } from '../step.js';

const OUTPUT = 'csv';

class CsvTableStep<E extends TableEntity> implements Step<E> {
  readonly entities: readonly [E];

  constructor(
    readonly name: string,
    readonly entity: E,
  ) {
    this.entities = [entity];
  }

  isApplicable(options: ExportOptions): boolean {
    return options.formats.includes('csv');
  }

  outputs(): string[] {
    return [OUTPUT];
  }

  createMapper(_entity: E, context: StepContext, open: OpenFragment): Mapper<E> {
    return new CsvMapper(this.name, this.entity, formOf(this.entity, context.schemas), context.options, open);
  }

  async reduce(_output: string, input: ReduceInput): Promise<Reduced> {
    const { context, fragments, storage, signal } = input;
    const table = TABLES[this.entity];
    const target = await input.open(table.file);
    const writer = new HashingWriter(target);
    try {
      const { rows, columns } = await reduceCsv(
        fragments.map(({ key, meta }) => ({
          meta: meta as CsvFragmentMeta,
          open: () => storage.read(key),
        })),
        {
          write: (chunk) => {
            signal.throwIfAborted();
            return writer.write(chunk);
          },
        },
        {
          fixed: table.fixed,
          schema: formOf(this.entity, context.schemas),
          bom: context.options.csv.bom,
          escapeFormulas: context.options.csv.escapeFormulas,
        },
      );
      const sha256 = await writer.commit();
      return {
        files: [{ name: table.file, key: target.key, rows, bytes: writer.bytes, sha256, columns }],
        warnings: [],
      };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  warnings(): [] {
    return [];
  }
}

class CsvMapper<E extends TableEntity> implements Mapper<E> {
  readonly #encoder: CsvFragmentEncoder;
  #writer: (StorageWriter & { key: string }) | undefined;

  constructor(
    readonly step: string,
    readonly entity: E,
    form: AttributeField[],
    options: ExportOptions,
    readonly open: OpenFragment,
  ) {
    this.#encoder = new CsvFragmentEncoder({
      fixed: TABLES[entity].fixed.map(({ name }) => name),
      schema: form.map(({ name }) => name),
      escapeFormulas: options.csv.escapeFormulas,
    });
  }

  async add(records: readonly RecordOf[E][]): Promise<void> {
    const { row } = TABLES[this.entity];
    this.#writer ??= await this.open(`${this.step}.csv`);
    await this.#writer.write(this.#encoder.encode(records.map(row)));
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: [] }> {
    if (!this.#writer) return { fragments: [], notices: [] };
    await this.#writer.commit();
    const { key, bytes } = this.#writer;
    return { fragments: [{ step: this.step, output: OUTPUT, key, bytes, meta: this.#encoder.finish() }], notices: [] };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }
}

export const relationshipsStep = new CsvTableStep('relationships', 'relationships');
export const partiesStep = new CsvTableStep('parties', 'parties');
export const locationsStep = new CsvTableStep('locations', 'locations');
