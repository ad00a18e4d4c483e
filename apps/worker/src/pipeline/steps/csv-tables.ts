/** relationships.csv, parties.csv and locations.csv: one table an entity. */

import type { CsvOptions, ExportOptions } from '@parcelpost/shared/export-request.js';
import { builtIn } from '@parcelpost/shared/pipeline/built-in-steps.js';
import {
  type AttributeField,
  type Attributes,
  type AttributeValue,
  ExactNumber,
  type LocationRecord,
  type RecordOf,
} from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../../formats/bundle/info.js';
import { amount } from '../../formats/bundle/text.js';
import { CsvFragmentEncoder, type CsvFragmentMeta, type CsvRow } from '../../formats/csv/fragment.js';
import { reduceCsv } from '../../formats/csv/reduce.js';
import { csvTable, TABLES, type Table, type TableEntity } from '../../formats/csv/tables.js';
import { mergeTallies, noTally, type Tally, tally } from '../../formats/tally.js';
import { NOUNS } from '../changes.js';
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

const OUTPUT = 'csv';

/** All options; those that a request of an older version did not know are as they were then. */
function csvOptions({ csv }: ExportOptions): CsvOptions {
  return { delimiter: ',', geometry: 'ewkt', labels: false, ...csv };
}

class CsvTableStep<E extends TableEntity> extends Step<E> {
  constructor(readonly entity: E) {
    super(builtIn(entity));
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
    const unheld = notices.map(({ meta }) => meta as Unheld);
    const notFinite = mergeTallies(unheld.map((each) => each.notFinite));
    const characters = mergeTallies(unheld.map((each) => each.characters));
    const { file } = TABLES[this.entity];
    const [one, many] = NOUNS[this.entity] as [string, string];
    return [
      {
        code: 'csv-not-finite',
        message:
          `${amount(notFinite.count, 'location is', 'locations are')} in locations.csv without a geometry: ` +
          'a coordinate is not a finite number, which GeoJSON cannot hold',
        ...notFinite,
      },
      {
        code: 'csv-no-character',
        message: `${amount(characters.count, one, many)} in ${file} with � in the place of half a character, for which UTF-8 has no place`,
        ...characters,
        values: { file },
      },
    ].filter(({ count }) => count > 0);
  }
}

/** Records that are not in the table as they were. */
interface Unheld {
  notFinite: Tally;
  characters: Tally;
}

/** What half a character becomes in UTF-8. */
const REPLACEMENT = Buffer.from('\ufffd');
const HALF = /\p{Cs}/u;

class CsvMapper<E extends TableEntity> implements Mapper<E> {
  readonly #encoder: CsvFragmentEncoder;
  readonly #table: Table<RecordOf[E]>;
  /** Whether a geometry that there is may be one that cannot be written. */
  readonly #strict: boolean;
  readonly #unheld: Unheld = { notFinite: noTally(), characters: noTally() };
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
    const bytes = this.#encoder.encode(rows);
    // Only where there is one can it stand for half of another.
    if (bytes.includes(REPLACEMENT)) this.#noteHalves(rows);
    await this.#writer.write(bytes);
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: Notice[] }> {
    if (!this.#writer) return { fragments: [], notices: [] };
    await this.#writer.commit();
    const { key, bytes } = this.#writer;
    return {
      fragments: [{ step: this.step, output: OUTPUT, key, bytes, meta: this.#encoder.finish() }],
      notices:
        this.#unheld.notFinite.count + this.#unheld.characters.count > 0
          ? [{ step: this.step, meta: this.#unheld }]
          : [],
    };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }

  #noteHalves(rows: readonly CsvRow[]): void {
    for (const { fixed, attributes } of rows) {
      if (holdsHalf(fixed as AttributeValue[]) || holdsHalf(attributes)) tally(this.#unheld.characters, `${fixed[0]}`);
    }
  }

  /** The geometry is the last of the fixed cells. */
  #note(records: readonly LocationRecord[], rows: readonly CsvRow[]): void {
    for (const [index, { id, geometry }] of records.entries()) {
      if (geometry !== null && rows[index]?.fixed.at(-1) === '') tally(this.#unheld.notFinite, id);
    }
  }
}

/** Whether there is half a character in a text, or in one of a list; what is nested deeper is JSON, which has an escape for it. */
function holdsHalf(value: AttributeValue | Attributes | undefined): boolean {
  if (typeof value === 'string') return HALF.test(value);
  if (Array.isArray(value)) return value.some((item) => typeof item === 'string' && HALF.test(item));
  if (value === null || typeof value !== 'object' || value instanceof ExactNumber) return false;
  return Object.values(value).some((item) =>
    typeof item === 'string' ? HALF.test(item) : Array.isArray(item) && holdsHalf(item),
  );
}

export const relationshipsStep = new CsvTableStep('relationships');
export const partiesStep = new CsvTableStep('parties');
export const locationsStep = new CsvTableStep('locations');
