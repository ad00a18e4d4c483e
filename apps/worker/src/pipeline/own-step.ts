/** Steps of an installation's own, as steps of the pipeline. */
import { ExportError } from '@parcelpost/shared/errors.js';
import {
  declarationOf,
  type OwnContent,
  type OwnFragment,
  type OwnStep,
  type OwnStepContext,
} from '@parcelpost/shared/pipeline/own-steps.js';
import type { Entity, RecordOf } from '@parcelpost/shared/records.js';
import type { Storage, StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../formats/bundle/info.js';
import { HashingWriter } from './hashing-writer.js';
import {
  type Fragment,
  type Mapper,
  type OpenFragment,
  type OutputFile,
  type Reduced,
  type ReduceInput,
  Step,
  type StepContext,
} from './step.js';

const OUTPUT = 'files';
/** What a bundle has of its own, in any case. */
const RESERVED = /^(readme\.txt|shp_readme\.txt|manifest\.json)$/i;
/** One segment that every file system can hold. */
const PLAIN = /^(?!\.)[^\\/:*?"<>|\p{Cc}]{1,200}$/u;
const MOST_WARNINGS = 50;

/** Makes a step of what its module says. */
export const asStep = (own: OwnStep): Step => new StepOfOnesOwn(own) as unknown as Step;

class StepOfOnesOwn extends Step {
  constructor(readonly own: OwnStep) {
    super(declarationOf(own));
  }

  outputs(): string[] {
    return [OUTPUT];
  }

  createMapper<E extends Entity>(entity: E, context: StepContext, open: OpenFragment): Mapper<E> {
    return new OwnMapper(this.own, entity, context, open);
  }

  async reduce(_output: string, input: ReduceInput): Promise<Reduced> {
    const { context, fragments, storage, signal, earlier = [] } = input;
    const files: OutputFile[] = [];
    const warnings: BundleWarning[] = [];
    await this.own.reduce({
      context,
      fragments: fragments.map((fragment) => readable(fragment, storage)),
      files: earlier.map(({ step, name, rows, bytes, sha256, key }) => ({
        step,
        name,
        rows,
        bytes,
        sha256,
        read: () => storage.read(key),
      })),
      write: async (name, content, { rows = null } = {}) => {
        this.#check(name, files);
        const file: OutputFile = { name, key: '', rows, bytes: 0, sha256: '' };
        // At once, so that two that are written beside each other do not bear the same name.
        files.push(file);
        Object.assign(file, await written(input, `${files.length}`, content));
      },
      warn: ({ code, message, count = 0, ids = [] }) => {
        if (warnings.length >= MOST_WARNINGS) return;
        warnings.push({ code: `${this.name}-${code}`, message, count, ids: ids.slice(0, 10) });
      },
      signal,
    });
    const unended = files.find(({ key }) => key === '');
    if (unended)
      throw this.#fault(
        `its reduce has ended before its file ${JSON.stringify(unended.name)} was written; await write()`,
      );
    return { files, warnings };
  }

  override fileOf(): string {
    return `what the step ${this.name} makes`;
  }

  warnings(): BundleWarning[] {
    return [];
  }

  /** What a bundle could not hold is refused where it is made. */
  #check(name: string, files: readonly OutputFile[]): void {
    if (typeof name !== 'string' || !PLAIN.test(name)) {
      throw this.#fault(
        `${JSON.stringify(name)} is no name of a file: one segment, without \\ / : * ? " < > | or a dot at its beginning`,
      );
    }
    if (RESERVED.test(name) || files.some((file) => file.name.toLowerCase() === name.toLowerCase())) {
      throw this.#fault(`there is a file ${JSON.stringify(name)} already; give it another name`);
    }
  }

  #fault(message: string): ExportError {
    return new ExportError('own-step', `The step ${this.name} is wrong: ${message}.`, true);
  }
}

function readable({ key, bytes, meta }: Fragment, storage: Storage): OwnFragment {
  return { entity: (meta as { entity: Entity }).entity, bytes, read: () => storage.read(key) };
}

async function written({ open, signal }: ReduceInput, name: string, content: OwnContent) {
  const target = await open(name);
  const writer = new HashingWriter(target);
  try {
    const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
    for await (const piece of pieces) {
      signal.throwIfAborted();
      await writer.write(typeof piece === 'string' ? Buffer.from(piece) : piece);
    }
    const sha256 = await writer.commit();
    return { key: target.key, bytes: writer.bytes, sha256 };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

class OwnMapper<E extends Entity> implements Mapper<E> {
  #writer: (StorageWriter & { key: string }) | undefined;

  constructor(
    readonly own: OwnStep,
    readonly entity: E,
    readonly context: OwnStepContext,
    readonly open: OpenFragment,
  ) {}

  async add(records: readonly RecordOf[E][]): Promise<void> {
    const piece = (await this.own.map?.(records, this.entity, this.context)) ?? '';
    if (piece.length === 0) return;
    this.#writer ??= await this.open(this.own.name);
    await this.#writer.write(typeof piece === 'string' ? Buffer.from(piece) : piece);
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: [] }> {
    if (!this.#writer) return { fragments: [], notices: [] };
    await this.#writer.commit();
    const { key, bytes } = this.#writer;
    const meta = { entity: this.entity };
    return { fragments: [{ step: this.own.name, output: OUTPUT, key, bytes, meta }], notices: [] };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }
}
