/** relationships.csv, parties.csv and locations.csv: one table an entity. */
import type { CsvOptions, ExportOptions } from '@parcelpost/shared/export-request.js';
import type { AttributeField, LocationRecord, RecordOf } from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../../formats/bundle/info.js';
import { amount } from '../../formats/bundle/text.js';
import { CsvFragmentEncoder, type CsvFragmentMeta, type CsvRow } from '../../formats/csv/fragment.js';
import { reduceCsv } from '../../formats/csv/reduce.js';
import { csvTable, type Table, type TableEntity } from '../../formats/csv/tables.js';
import { mergeTallies, noTally, type Tally, tally } from '../../formats/tally.js';
import { formOf } from '../forms.js';
import { HashingWriter } from '../hashing-writer.js';
import type { Fragment, Mapper, Notice, OpenFragment, Reduced, ReduceInput, Step, StepContext } from '../step.js';

const OUTPUT = 'csv';

/** All options; those that a request of an older version did not know are as they were then. */
function csvOptions({ csv }: ExportOptions): CsvOptions {
  return { delimiter: ',', geometry: 'ewkt', labels: false, ...csv };
}

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
    const { geometry, ...options } = csvOptions(context.options);
    const table = csvTable(this.entity, geometry);
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
        { fixed: table.fixed, schema: formOf(this.entity, context.schemas), ...options },
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

  warnings(notices: readonly Notice[]): BundleWarning[] {
    const found = mergeTallies(notices.map(({ meta }) => meta as Tally));
    if (found.count === 0) return [];
    const message =
      `${amount(found.count, 'location is', 'locations are')} in locations.csv without a geometry: ` +
      'a coordinate is not a finite number, which GeoJSON cannot hold';
    return [{ code: 'csv-not-finite', message, ...found }];
  }
}

class CsvMapper<E extends TableEntity> implements Mapper<E> {
  readonly #encoder: CsvFragmentEncoder;
  readonly #table: Table<RecordOf[E]>;
  /** Whether a geometry that there is may be one that cannot be written. */
  readonly #strict: boolean;
  readonly #notFinite: Tally = noTally();
  #writer: (StorageWriter & { key: string }) | undefined;

  constructor(
    readonly step: string,
    entity: E,
    form: AttributeField[],
    options: ExportOptions,
    readonly open: OpenFragment,
  ) {
    const { geometry, escapeFormulas, delimiter } = csvOptions(options);
    this.#table = csvTable(entity, geometry);
    this.#strict = entity === 'locations' && geometry === 'geojson';
    this.#encoder = new CsvFragmentEncoder({
      fixed: this.#table.fixed.map(({ name }) => name),
      schema: form.map(({ name }) => name),
      escapeFormulas,
      delimiter,
    });
  }

  async add(records: readonly RecordOf[E][]): Promise<void> {
    const rows = records.map(this.#table.row);
    if (this.#strict) this.#note(records as readonly LocationRecord[], rows);
    this.#writer ??= await this.open(`${this.step}.csv`);
    await this.#writer.write(this.#encoder.encode(rows));
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: Notice[] }> {
    if (!this.#writer) return { fragments: [], notices: [] };
    await this.#writer.commit();
    const { key, bytes } = this.#writer;
    return {
      fragments: [{ step: this.step, output: OUTPUT, key, bytes, meta: this.#encoder.finish() }],
      notices: this.#notFinite.count > 0 ? [{ step: this.step, meta: this.#notFinite }] : [],
    };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }

  /** The geometry is the last of the fixed cells. */
  #note(records: readonly LocationRecord[], rows: readonly CsvRow[]): void {
    for (const [index, { id, geometry }] of records.entries()) {
      if (geometry !== null && rows[index]?.fixed.at(-1) === '') tally(this.#notFinite, id);
    }
  }
}

export const relationshipsStep = new CsvTableStep('relationships', 'relationships');
export const partiesStep = new CsvTableStep('parties', 'parties');
export const locationsStep = new CsvTableStep('locations', 'locations');
