/** The files of the project's resources, under their own names, and resources.xlsx, which tells what they are. */

import { ExportError } from '@parcelpost/shared/errors.js';
import type { ExportOptions } from '@parcelpost/shared/export-request.js';
import type { MissingPart } from '@parcelpost/shared/export-result.js';
import { builtIn } from '@parcelpost/shared/pipeline/built-in-steps.js';
import type { ResourceRecord } from '@parcelpost/shared/records.js';
import type { StorageWriter } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../../formats/bundle/info.js';
import { amount } from '../../formats/bundle/text.js';
import { damaged } from '../../formats/damaged.js';
import {
  LISTING_FILE,
  LISTING_LONG_TEXTS_FILE,
  type ListedResource,
  longTextsOf,
  writeListing,
  writeLongListingTexts,
} from '../../formats/resources/listing.js';
import { ResourceNames } from '../../formats/resources/names.js';
import { sinkStream } from '../../formats/sink.js';
import { mergeTallies, noTally, type Tally, tally } from '../../formats/tally.js';
import { NOUNS } from '../changes.js';
import type { FileSource } from '../file-source.js';
import { HashingWriter } from '../hashing-writer.js';
import {
  type Fragment,
  type Mapper,
  type Notice,
  type OpenFragment,
  type OutputFile,
  type Reduced,
  type ReduceInput,
  Step,
} from '../step.js';
import { FileBudget } from './file-budget.js';

const OUTPUT = 'files';
/** Files fetched at once. */
const AT_ONCE = 4;
/** Missing files that are told one by one. */
const MOST_TOLD = 50;

interface ResourceFragmentMeta {
  rows: number;
  bytes: number;
}

class ResourcesStep extends Step<'resources'> {
  constructor() {
    super(builtIn('resources'));
  }

  outputs(): string[] {
    return [OUTPUT];
  }

  createMapper(_entity: 'resources', context: { options: ExportOptions }, open: OpenFragment): Mapper<'resources'> {
    return new ResourcesMapper(this.name, context.options.includeArchived ?? false, open);
  }

  /**
   * Fetches the files. One that cannot be had fails the reduce, or is missing where the request takes a part for the
   * whole. Memory: the records, some hundred bytes of each, and a chunk of each file under way.
   */
  async reduce(_output: string, input: ReduceInput): Promise<Reduced> {
    const { context, open, signal } = input;
    const records = await readRecords(input);
    const names = new ResourceNames(OUR_FILES);
    const wanted = records.map((record) => ({
      record,
      name: names.take([record.originalFile, record.name], `resource ${record.id.replace(/[^\w-]/g, '_')}`),
    }));
    const fetched = await fetchAll(input, wanted);
    const missing = fetched.flatMap((each) => ('error' in each ? [each] : []));
    const there = fetched.flatMap((each): OutputFile[] => ('error' in each ? [] : [each]));

    const sizes = new Map(there.map(({ name, bytes }) => [name, bytes]));
    const listed = wanted.map(({ record, name }): ListedResource => {
      const bytes = sizes.get(name) ?? null;
      return { ...record, inBundle: bytes === null ? '' : name, bytes };
    });
    const listing = await written(open, LISTING_FILE, async (writer) => {
      const tables = await writeListing(listed, sinkStream(writer), { date: context.date, signal });
      return { rows: listed.length, tables };
    });
    const long = longTextsOf(listed);
    const files = [listing];
    const warnings: BundleWarning[] = [];
    if (long.cut.count > 0) {
      files.push(
        await written(open, LISTING_LONG_TEXTS_FILE, async (writer) => {
          const { rows, columns } = await writeLongListingTexts(long, writer, context.options.csv);
          return { rows, columns };
        }),
      );
      const message = `${amount(long.cut.count, ...NOUNS.resources)} in ${LISTING_FILE} with a text cut to the 32,767 characters that a cell can hold; ${LISTING_LONG_TEXTS_FILE} has it whole`;
      warnings.push({ code: 'resources-text-cut', message, ...long.cut });
    }
    return { files: [...files, ...there], warnings, missing: partsOf(missing) };
  }

  override fileOf(): string {
    return 'the resource files';
  }

  warnings(notices: readonly Notice[]): BundleWarning[] {
    const archived = mergeTallies(notices.map(({ meta }) => meta as Tally));
    if (archived.count === 0) return [];
    const message = `${amount(archived.count, ...NOUNS.resources)} left out: archived on the platform, and not asked for (includeArchived)`;
    return [{ code: 'resources-archived', message, ...archived }];
  }
}

interface Wanted {
  record: ResourceRecord;
  /** In the bundle. */
  name: string;
}

/** A file that could not be had. */
interface Lost {
  name: string;
  error: ExportError;
}

/** What stands beside the resource files where nothing else was asked for; elsewhere they have a folder of their own. */
const OUR_FILES = [LISTING_FILE, LISTING_LONG_TEXTS_FILE, 'README.txt', 'manifest.json'];

/** Writes one of our own files. @param write says what else is told of it */
async function written(
  open: ReduceInput['open'],
  name: string,
  write: (writer: HashingWriter) => Promise<Pick<OutputFile, 'rows' | 'columns' | 'tables'>>,
): Promise<OutputFile> {
  const target = await open(name);
  const writer = new HashingWriter(target);
  try {
    const about = await write(writer);
    const sha256 = await writer.commit();
    return { name, key: target.key, bytes: writer.bytes, sha256, ...about };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** What came of each file, in the order given. */
async function fetchAll(input: ReduceInput, wanted: readonly Wanted[]): Promise<(OutputFile | Lost)[]> {
  const source = input.openFiles?.();
  if (!source) throw new Error('no files can be fetched here');
  const results: (OutputFile | Lost)[] = [];
  const budget = new FileBudget(source.limits);
  const stop = new AbortController();
  const signal = AbortSignal.any([input.signal, stop.signal]);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < wanted.length; i = next++) {
      signal.throwIfAborted();
      const one = wanted[i] as Wanted;
      try {
        results[i] = await fetchOne({ source, open: input.open, signal, budget }, one, i);
      } catch (error) {
        const told = explained(error, one);
        if (!(told instanceof ExportError) || !input.context.options.allowPartial) {
          stop.abort(told);
          throw told;
        }
        results[i] = { name: one.name, error: told };
      }
    }
  };
  await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  signal.throwIfAborted();
  return results;
}

interface Fetching {
  source: FileSource;
  open: ReduceInput['open'];
  signal: AbortSignal;
  budget: FileBudget;
}

async function fetchOne(
  { source, open, signal, budget }: Fetching,
  { record, name }: Wanted,
  place: number,
): Promise<OutputFile> {
  const { key, writer } = await source.fetch(record.file, async () => {
    const stored = await open(`file-${place}`);
    const writer = new HashingWriter(stored);
    const counted = budget.open();
    return {
      key: stored.key,
      writer,
      write(chunk: Uint8Array) {
        signal.throwIfAborted();
        counted.take(chunk.length);
        return writer.write(chunk);
      },
      async abort() {
        counted.giveBack();
        await writer.abort();
      },
    };
  });
  const sha256 = await writer.commit();
  return { name, key, rows: null, bytes: writer.bytes, sha256, resource: record.id };
}

/** The error, saying which file it is about. */
function explained(error: unknown, { record, name }: Wanted): unknown {
  if (!(error instanceof ExportError)) return error;
  const what = `The file ${JSON.stringify(name)} of the resource ${record.id} could not be fetched: ${error.message}`;
  return new ExportError(error.code, what, error.permanent, { cause: error });
}

function partsOf(lost: readonly Lost[]): MissingPart[] {
  const part = ({ name, error }: Lost): MissingPart => ({
    code: error.code,
    message: error.message,
    step: `resources.${OUTPUT}`,
    shard: null,
    attempts: 1,
    rowsExpected: null,
    file: name,
  });
  if (lost.length <= MOST_TOLD) return lost.map(part);
  const [first, ...others] = lost.slice(MOST_TOLD - 1) as [Lost, ...Lost[]];
  const rest = { ...part(first), file: `${amount(others.length + 1, 'more resource file', 'more resource files')}` };
  return [...lost.slice(0, MOST_TOLD - 1).map(part), rest];
}

async function readRecords({ fragments, storage }: ReduceInput): Promise<ResourceRecord[]> {
  const records: ResourceRecord[] = [];
  for (const { key, meta } of fragments) {
    const { rows, bytes } = meta as ResourceFragmentMeta;
    const content = await storage.readAll(key);
    const lines = content.toString('utf8').split('\n').slice(0, -1);
    if (content.length !== bytes || lines.length !== rows) {
      throw damaged(`it has ${lines.length} resources where ${rows} were written`);
    }
    for (const line of lines) records.push(JSON.parse(line));
  }
  return records;
}

/** Keeps the records: which names their files get is known only when all are read. */
class ResourcesMapper implements Mapper<'resources'> {
  readonly #archived = noTally();
  #writer: (StorageWriter & { key: string }) | undefined;
  #rows = 0;

  constructor(
    readonly step: string,
    readonly includeArchived: boolean,
    readonly open: OpenFragment,
  ) {}

  async add(records: readonly ResourceRecord[]): Promise<void> {
    let text = '';
    for (const record of records) {
      if (record.archived && !this.includeArchived) {
        tally(this.#archived, record.id);
        continue;
      }
      text += `${JSON.stringify(record)}\n`;
      this.#rows++;
    }
    if (text === '') return;
    this.#writer ??= await this.open('resources.jsonl');
    await this.#writer.write(Buffer.from(text));
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: Notice[] }> {
    const notices = this.#archived.count > 0 ? [{ step: this.step, meta: this.#archived }] : [];
    if (!this.#writer) return { fragments: [], notices };
    await this.#writer.commit();
    const { key, bytes } = this.#writer;
    const meta: ResourceFragmentMeta = { rows: this.#rows, bytes };
    return { fragments: [{ step: this.step, output: OUTPUT, key, bytes, meta }], notices };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }
}

export const resourcesStep = new ResourcesStep();
