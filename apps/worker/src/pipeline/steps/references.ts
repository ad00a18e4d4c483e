/** What refers to what: makes no file, but says of relationships whose party or location is not there. */
import { builtIn } from '@parcelpost/shared/pipeline/built-in-steps.js';
import type { Entity, RecordOf } from '@parcelpost/shared/records.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import type { BundleWarning } from '../../formats/bundle/info.js';
import { amount } from '../../formats/bundle/text.js';
import { findAbsent } from '../../formats/references/absent.js';
import {
  REFERRED,
  ReferencesEncoder,
  type ReferencesFragment,
  type ReferencesMeta,
  type Referred,
} from '../../formats/references/fragment.js';
import { NOUNS } from '../changes.js';
import {
  type Fragment,
  type Mapper,
  type OpenFragment,
  type Reduced,
  type ReduceInput,
  Step,
  type StepContext,
} from '../step.js';

const NAME = 'references';
const OUTPUT = 'ids';

const CODES: Record<Referred, string> = {
  parties: 'party-absent',
  locations: 'location-absent',
};

class ReferencesStep extends Step {
  constructor() {
    super(builtIn(NAME));
  }

  /** Whoever reads relationships reads what they refer to. */
  outputs(fragments: readonly Fragment[]): string[] {
    return fragments.some(({ meta }) => (meta as ReferencesMeta).entity === 'relationships') ? [OUTPUT] : [];
  }

  createMapper<E extends Entity>(entity: E, _context: StepContext, open: OpenFragment): Mapper<E> {
    return new ReferencesMapper(entity, open);
  }

  async reduce(_output: string, { fragments, storage, signal }: ReduceInput): Promise<Reduced> {
    const all = fragments.map((fragment) => referencesAtRest(fragment, storage));
    const of = (wanted: Entity) => all.filter(({ meta }) => meta.entity === wanted);
    const warnings: BundleWarning[] = [];
    for (const entity of REFERRED) {
      const { count, ids } = await findAbsent(entity, of('relationships'), of(entity), signal);
      if (count === 0) continue;
      const [one, many] = NOUNS[entity];
      const message = `${amount(count, 'relationship names', 'relationships name')} a ${one} that is not among the ${many} here`;
      warnings.push({ code: CODES[entity], message, count, ids });
    }
    return { files: [], warnings };
  }

  override fileOf(): string {
    return 'the check of what relationships refer to';
  }

  warnings(): BundleWarning[] {
    return [];
  }
}

class ReferencesMapper<E extends Entity> implements Mapper<E> {
  readonly #encoder: ReferencesEncoder<E>;

  constructor(
    entity: E,
    readonly open: OpenFragment,
  ) {
    this.#encoder = new ReferencesEncoder(entity);
  }

  async add(records: readonly RecordOf[E][]): Promise<void> {
    this.#encoder.add(records);
  }

  async finish(): Promise<{ fragments: Fragment[]; notices: [] }> {
    const { bytes, meta } = this.#encoder.finish();
    if (meta.rows === 0) return { fragments: [], notices: [] };
    const writer = await this.open(NAME);
    await writer.write(bytes);
    await writer.commit();
    return { fragments: [{ step: NAME, output: OUTPUT, key: writer.key, bytes: bytes.length, meta }], notices: [] };
  }

  async abort(): Promise<void> {}
}

/** The ids of a shard's records; undefined where it had none. */
export function referencesOf(fragments: readonly Fragment[]): Fragment | undefined {
  return fragments.find(({ step }) => step === NAME);
}

export function referencesAtRest({ key, meta }: Fragment, storage: Storage): ReferencesFragment {
  return {
    meta: meta as ReferencesMeta,
    read: async (start, end) =>
      end > start ? Buffer.concat(await storage.read(key, { start, end: end - 1 }).toArray()) : Buffer.alloc(0),
  };
}

export const referencesStep = new ReferencesStep();
