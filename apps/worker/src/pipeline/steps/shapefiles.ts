/** points.shp, polygons.shp …: a shapefile for each geometry type that the data has. */

import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import { builtIn } from '@parcelpost/shared/pipeline/built-in-steps.js';
import type { LocationRecord } from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import { type BundleWarning, cutWarnings, leftOutWarnings } from '../../formats/bundle/info.js';
import {
  type FamilyChunk,
  type LeftOut,
  mergeLeftOut,
  ShapefileFragmentEncoder,
  type ShapefileFragmentMeta,
} from '../../formats/shapefile/fragment.js';
import { reduceShapefile } from '../../formats/shapefile/reduce.js';
import { FAMILIES, type Family } from '../../formats/shapefile/shape.js';
import { attributeWarnings } from '../../formats/shapefile/warnings.js';
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

type OpenWriter = StorageWriter & { key: string };

export class ShapefilesStep extends Step<'locations'> {
  /** @param maxBytes most of one file, see {@link reduceShapefile}; 2 GiB - 1 unless a test says less */
  constructor(readonly maxBytes?: number) {
    super(builtIn('shapefiles'));
  }

  outputs(fragments: readonly Fragment[]): string[] {
    const found = new Set(fragments.map(({ output }) => output));
    return FAMILIES.filter((family) => found.has(family));
  }

  createMapper(_entity: 'locations', { options }: StepContext, open: OpenFragment): Mapper<'locations'> {
    return new ShapefilesMapper(this.name, options.shapefileAttributes ?? false, open);
  }

  async reduce(output: string, input: ReduceInput): Promise<Reduced> {
    const { context, fragments, storage, signal, open } = input;
    const inCsv = context.options.formats.includes('csv');
    const written = new Map<string, { key: string; sha256: string; bytes: number }>();
    const { files, cut, columns, attributes } = await reduceShapefile(
      output as Family,
      fragments.map(({ key, meta }) => ({ meta: meta as ShapefileFragmentMeta, open: () => storage.read(key) })),
      {
        date: context.date,
        ...(this.maxBytes !== undefined && { maxBytes: this.maxBytes }),
        form: context.options.shapefileAttributes ? formOf('locations', context.schemas) : undefined,
        async openFile(name) {
          const target = await open(name);
          const writer = new HashingWriter(target);
          return {
            write(chunk) {
              signal.throwIfAborted();
              return writer.write(chunk);
            },
            async commit() {
              written.set(name, { key: target.key, sha256: await writer.commit(), bytes: writer.bytes });
            },
            abort: () => writer.abort(),
          };
        },
      },
    );
    return {
      files: files.map(({ name, rows }) => {
        const file = written.get(name);
        if (!file) throw new Error(`${name} was never committed`);
        return { name, rows, ...file, ...(name.endsWith('.dbf') ? { columns } : {}) };
      }),
      warnings: [
        ...cutWarnings(output as Family, cut, inCsv),
        ...attributeWarnings(output as Family, attributes, inCsv),
      ],
    };
  }

  override fileOf(output: string): string {
    return `${output}.shp`;
  }

  warnings(notices: readonly Notice[], options: ExportOptions): BundleWarning[] {
    return leftOutWarnings(mergeLeftOut(notices.map(({ meta }) => meta as LeftOut)), options.formats.includes('csv'));
  }
}

class ShapefilesMapper implements Mapper<'locations'> {
  readonly #encoder: ShapefileFragmentEncoder;
  readonly #writers = new Map<Family, OpenWriter>();

  constructor(
    readonly step: string,
    attributes: boolean,
    readonly open: OpenFragment,
  ) {
    this.#encoder = new ShapefileFragmentEncoder({ attributes });
  }

  async add(records: readonly LocationRecord[]): Promise<void> {
    await this.#write(this.#encoder.add(records));
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: Notice[] }> {
    const { chunks, metas, leftOut } = this.#encoder.finish();
    await this.#write(chunks);
    const fragments = await Promise.all(
      metas.map(async (meta) => {
        const writer = this.#writers.get(meta.family) as OpenWriter;
        await writer.commit();
        return { step: this.step, output: meta.family, key: writer.key, bytes: writer.bytes, meta };
      }),
    );
    return { fragments, notices: Object.keys(leftOut).length > 0 ? [{ step: this.step, meta: leftOut }] : [] };
  }

  async abort(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.abort()));
  }

  async #write(chunks: FamilyChunk[]): Promise<void> {
    for (const { family, bytes } of chunks) {
      let writer = this.#writers.get(family);
      if (!writer) {
        writer = await this.open(`${family}.records`);
        this.#writers.set(family, writer);
      }
      await writer.write(bytes);
    }
  }
}

export const shapefilesStep = new ShapefilesStep();
