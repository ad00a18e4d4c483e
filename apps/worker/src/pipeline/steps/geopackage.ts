/** `<project>.gpkg`: the records as a GeoPackage, with a layer for each type of geometry, and tables of parties and relationships. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { RecordOf } from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../../formats/bundle/info.js';
import { amount } from '../../formats/bundle/text.js';
import type { TableEntity } from '../../formats/csv/tables.js';
import {
  GeoPackageFragmentEncoder,
  type GeoPackageFragmentMeta,
  type Unheld,
  WITHOUT_GEOMETRY,
} from '../../formats/geopackage/fragment.js';
import { writeGeoPackage } from '../../formats/geopackage/reduce.js';
import { safeName } from '../../formats/safe-name.js';
import { mergeTallies } from '../../formats/tally.js';
import { NOUNS } from '../changes.js';
import { formOf } from '../forms.js';
import { HashingWriter } from '../hashing-writer.js';
import type { Fragment, Mapper, Notice, OpenFragment, Reduced, ReduceInput, Step, StepContext } from '../step.js';

const OUTPUT = 'file';
const ENTITIES = ['locations', 'parties', 'relationships'] as const satisfies readonly TableEntity[];

/** What a shard's map has to say: which of its records are not in the file as they were. */
interface UnheldNotice {
  entity: TableEntity;
  unheld: Unheld;
}

class GeoPackageStep implements Step<TableEntity> {
  readonly name = 'gpkg';
  readonly entities = ENTITIES;

  isApplicable(options: ExportOptions): boolean {
    return options.formats.includes('gpkg');
  }

  outputs(): string[] {
    return [OUTPUT];
  }

  createMapper<E extends TableEntity>(entity: E, _context: StepContext, open: OpenFragment): Mapper<E> {
    return new GeoPackageMapper(this.name, new GeoPackageFragmentEncoder(entity), open);
  }

  /**
   * SQLite goes back and forth in its file, which storage cannot: the file is made in a folder of its own for what is
   * temporary (`TMPDIR`), streamed into storage, and removed. A killed worker leaves it there, for the system to clear.
   */
  async reduce(_output: string, { context, fragments, storage, open, signal }: ReduceInput): Promise<Reduced> {
    const name = `${safeName(context.project)}.gpkg`;
    const folder = await mkdtemp(join(tmpdir(), 'parcelpost-gpkg-'));
    try {
      const file = join(folder, 'file.gpkg');
      const tables = await writeGeoPackage(
        file,
        fragments.map(({ key, meta }) => ({ meta: meta as GeoPackageFragmentMeta, open: () => storage.read(key) })),
        { form: (entity) => formOf(entity, context.schemas), date: context.date, signal },
      );
      const target = await open(name);
      const writer = new HashingWriter(target);
      try {
        for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024, signal }))
          await writer.write(chunk);
        const sha256 = await writer.commit();
        const rows = tables.reduce((sum, table) => sum + table.rows, 0);
        return { files: [{ name, key: target.key, rows, bytes: writer.bytes, sha256, tables }], warnings: [] };
      } catch (error) {
        await writer.abort();
        throw error;
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  fileOf(): string {
    return 'the GeoPackage';
  }

  warnings(notices: readonly Notice[]): BundleWarning[] {
    return ENTITIES.flatMap((entity) => {
      const found = notices.map(({ meta }) => meta as UnheldNotice).filter((notice) => notice.entity === entity);
      const notFinite = mergeTallies(found.map(({ unheld }) => unheld.notFinite));
      const characters = mergeTallies(found.map(({ unheld }) => unheld.characters));
      const records = (count: number) => amount(count, ...NOUNS[entity]);
      return [
        {
          code: 'gpkg-not-finite',
          message: `${records(notFinite.count)} in the GeoPackage only in ${WITHOUT_GEOMETRY}: a coordinate is not a finite number`,
          ...notFinite,
        },
        {
          code: 'gpkg-no-character',
          message: `${records(characters.count)} in the GeoPackage with � in the place of what is no character (U+0000, or half of one)`,
          ...characters,
        },
      ].filter(({ count }) => count > 0);
    });
  }
}

class GeoPackageMapper<E extends TableEntity> implements Mapper<E> {
  #writer: (StorageWriter & { key: string }) | undefined;

  constructor(
    readonly step: string,
    readonly encoder: GeoPackageFragmentEncoder<E>,
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
      fragments: [{ step: this.step, output: OUTPUT, key, bytes, meta }],
      notices: said ? [{ step: this.step, meta: notice }] : [],
    };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }

  async #write(frames: readonly Buffer[]): Promise<void> {
    for (const frame of frames) {
      this.#writer ??= await this.open('gpkg.rows');
      await this.#writer.write(frame);
    }
  }
}

export const geoPackageStep = new GeoPackageStep();
