/** What the formats of typed tables have to say to the step that maps for all of them. */
import type { Format } from '@parcelpost/shared/export-request.js';
import type { TableEntity } from '../../formats/csv/tables.js';
import type { TypedFragmentMeta } from '../../formats/typed/fragment.js';
import type { TypedFragment } from '../../formats/typed/read.js';
import type { Reduced, ReduceInput } from '../step.js';

/** A file, or several that are made together. */
export interface TypedOutput {
  /** Among the outputs of the step. */
  readonly name: string;
  /** The format of a request that asks for it. */
  readonly format: Format;
  /** Those whose records it holds. */
  readonly entities: readonly TableEntity[];
  /** By which people know it. */
  readonly file: string;
  reduce(input: ReduceInput): Promise<Reduced>;
}

/** The fragments of a reduce, each to be opened when its turn comes. */
export function typedFragments({ fragments, storage }: ReduceInput): TypedFragment[] {
  return fragments.map(({ key, meta }) => ({ meta: meta as TypedFragmentMeta, open: () => storage.read(key) }));
}
