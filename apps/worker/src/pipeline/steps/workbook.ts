/**
 * `<project>.xlsx`: the records as a workbook with the sheets locations, parties and relationships; and long_texts.csv
 * for what is too long for a cell, where there is any.
 */

import { builtIn } from '@parcelpost/shared/pipeline/built-in-steps.js';
import type { RecordOf } from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../../formats/bundle/info.js';
import { amount } from '../../formats/bundle/text.js';
import type { CsvFragmentMeta } from '../../formats/csv/fragment.js';
import { reduceCsv } from '../../formats/csv/reduce.js';
import { TABLES, type TableEntity } from '../../formats/csv/tables.js';
import { safeName } from '../../formats/safe-name.js';
import { sinkStream } from '../../formats/sink.js';
import { mergeTallies, type Tally } from '../../formats/tally.js';
import {
  LONG_TEXTS_COLUMNS,
  LONG_TEXTS_FILE,
  SheetFragmentEncoder,
  type SheetFragmentMeta,
} from '../../formats/xlsx/fragment.js';
import { writeWorkbook } from '../../formats/xlsx/workbook.js';
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

const WORKBOOK = 'workbook';
const LONG_TEXTS = 'long_texts';

/** In the order of the sheets. */
const SHEETS = ['locations', 'parties', 'relationships'] as const satisfies readonly TableEntity[];

/** What a shard's map has to say: how many of its records have a text that was cut. */
interface CutNotice {
  entity: TableEntity;
  cut: Tally;
}

class WorkbookStep extends Step<TableEntity> {
  constructor() {
    super(builtIn('xlsx'));
  }

  outputs(fragments: readonly Fragment[]): string[] {
    return fragments.some(({ output }) => output === LONG_TEXTS) ? [WORKBOOK, LONG_TEXTS] : [WORKBOOK];
  }

  createMapper<E extends TableEntity>(entity: E, { schemas, options }: StepContext, open: OpenFragment): Mapper<E> {
    const form = formOf(entity, schemas).map(({ name }) => name);
    return new SheetMapper(this.name, new SheetFragmentEncoder(entity, form, options.csv), open);
  }

  async reduce(output: string, input: ReduceInput): Promise<Reduced> {
    const name = output === WORKBOOK ? `${safeName(input.context.project)}.xlsx` : LONG_TEXTS_FILE;
    const target = await input.open(name);
    const writer = new HashingWriter(target);
    try {
      const about = await (output === WORKBOOK ? writeSheets(input, writer) : writeLongTexts(input, writer));
      const sha256 = await writer.commit();
      return { files: [{ name, key: target.key, bytes: writer.bytes, sha256, ...about }], warnings: [] };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  override fileOf(output: string): string {
    return output === WORKBOOK ? 'the workbook' : LONG_TEXTS_FILE;
  }

  warnings(notices: readonly Notice[]): BundleWarning[] {
    return SHEETS.flatMap((entity) => {
      const found = notices.map(({ meta }) => meta as CutNotice).filter((notice) => notice.entity === entity);
      const cut = mergeTallies(found.map((notice) => notice.cut));
      if (cut.count === 0) return [];
      const message = `${amount(cut.count, ...NOUNS[entity])} in the workbook with a text cut to the 32,767 characters that a cell can hold; ${LONG_TEXTS_FILE} has it whole`;
      return [{ code: 'xlsx-text-cut', message, ...cut }];
    });
  }
}

async function writeSheets({ context, fragments, storage, signal }: ReduceInput, writer: HashingWriter) {
  const tables = SHEETS.map((entity) => ({
    name: entity,
    fixed: TABLES[entity].fixed,
    schema: formOf(entity, context.schemas),
    fragments: fragments
      .map(({ key, meta }) => ({ meta: meta as SheetFragmentMeta, open: () => storage.read(key) }))
      .filter(({ meta }) => meta.entity === entity),
  }));
  const written = await writeWorkbook(tables, sinkStream(writer), { date: context.date, signal });
  return { rows: written.reduce((sum, { rows }) => sum + rows, 0), tables: written };
}

async function writeLongTexts({ context, fragments, storage, signal }: ReduceInput, writer: HashingWriter) {
  const { rows, columns } = await reduceCsv(
    fragments.map(({ key, meta }) => ({ meta: meta as CsvFragmentMeta, open: () => storage.read(key) })),
    {
      write: (chunk) => {
        signal.throwIfAborted();
        return writer.write(chunk);
      },
    },
    { fixed: LONG_TEXTS_COLUMNS, schema: [], ...context.options.csv },
  );
  return { rows, columns };
}

type OpenWriter = StorageWriter & { key: string };

class SheetMapper<E extends TableEntity> implements Mapper<E> {
  #sheet: OpenWriter | undefined;
  #long: OpenWriter | undefined;

  constructor(
    readonly step: string,
    readonly encoder: SheetFragmentEncoder<E>,
    readonly open: OpenFragment,
  ) {}

  async add(records: readonly RecordOf[E][]): Promise<void> {
    const { sheet, long } = this.encoder.encode(records);
    await this.#write(sheet);
    if (long.length === 0) return;
    this.#long ??= await this.open(`${LONG_TEXTS}.csv`);
    await this.#long.write(long);
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: Notice[] }> {
    const { sheet, meta, long } = this.encoder.finish();
    await this.#write(sheet);
    const fragments = await Promise.all([
      ...this.#committed(this.#sheet, WORKBOOK, meta),
      ...this.#committed(this.#long, LONG_TEXTS, long.meta),
    ]);
    const notice: CutNotice = { entity: this.encoder.entity, cut: long.cut };
    return { fragments, notices: long.cut.count > 0 ? [{ step: this.step, meta: notice }] : [] };
  }

  async abort(): Promise<void> {
    await Promise.all([this.#sheet?.abort(), this.#long?.abort()]);
  }

  async #write(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      this.#sheet ??= await this.open('sheet.rows');
      await this.#sheet.write(chunk);
    }
  }

  #committed(writer: OpenWriter | undefined, output: string, meta: unknown): Promise<Fragment>[] {
    if (!writer) return [];
    const { key } = writer;
    return [writer.commit().then(() => ({ step: this.step, output, key, bytes: writer.bytes, meta }))];
  }
}

export const workbookStep = new WorkbookStep();
