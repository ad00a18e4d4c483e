/** `<type of geometry>.fgb`, `parties.fgb`, `relationships.fgb`: the records as FlatGeobuf, with a spatial index. */
import type { BundleWarning } from '../../formats/bundle/info.js';
import { amount } from '../../formats/bundle/text.js';
import type { TableEntity } from '../../formats/csv/tables.js';
import { type FlatGeobufNotes, writeFlatGeobuf } from '../../formats/fgb/reduce.js';
import type { Tally } from '../../formats/tally.js';
import { WITHOUT_GEOMETRY } from '../../formats/typed/fragment.js';
import { removeTemporary, temporaryFolder } from '../../temporary-folders.js';
import { formOf } from '../forms.js';
import { HashingWriter } from '../hashing-writer.js';
import type { Reduced, ReduceInput } from '../step.js';
import { type TypedOutput, typedFragments } from './typed-output.js';

/**
 * Features wait in a folder for what is temporary (`TMPDIR`) until their order is known; it is removed with the reduce. What a
 * killed worker leaves there the next one clears.
 */
async function reduce(entity: TableEntity, input: ReduceInput): Promise<Reduced> {
  const { context, open, signal } = input;
  const folder = await temporaryFolder('fgb');
  const written = new Map<string, { key: string; bytes: number; sha256: string }>();
  try {
    const { files, notes } = await writeFlatGeobuf(
      typedFragments(input),
      { entity, form: formOf(entity, context.schemas), folder, signal },
      async (name) => {
        const target = await open(name);
        const writer = new HashingWriter(target);
        return {
          write: (chunk) => writer.write(chunk),
          async commit() {
            const sha256 = await writer.commit();
            written.set(name, { key: target.key, bytes: writer.bytes, sha256 });
          },
          abort: () => writer.abort(),
        };
      },
    );
    return {
      files: files.map(({ name, rows, columns }) => {
        const { key = '', bytes = 0, sha256 = '' } = written.get(name) ?? {};
        return { name, key, rows, bytes, sha256, columns };
      }),
      warnings: warningsOf(notes),
    };
  } finally {
    await removeTemporary(folder);
  }
}

function warningsOf({ empty, raised, emptyMembers }: FlatGeobufNotes): BundleWarning[] {
  const locations = (tally: Tally) => amount(tally.count, 'location', 'locations');
  return [
    {
      code: 'fgb-empty-geometry',
      message: `${locations(empty)} in ${WITHOUT_GEOMETRY}.fgb: the geometry is empty, for which a spatial index has no place`,
      ...empty,
    },
    {
      code: 'fgb-height-added',
      message: `${locations(raised)} with height 0 in a .fgb file though none was recorded: others of the file have heights, and all of a file have, or none`,
      ...raised,
    },
    {
      code: 'fgb-empty-member',
      message: `${locations(emptyMembers)} in geometrycollections.fgb without members that are empty`,
      ...emptyMembers,
    },
  ].filter(({ count }) => count > 0);
}

const output = (entity: TableEntity, file: string): TypedOutput => ({
  name: `fgb-${entity}`,
  format: 'fgb',
  entities: [entity],
  file,
  reduce: (input) => reduce(entity, input),
});

export const flatGeobufOutputs: readonly TypedOutput[] = [
  output('relationships', 'relationships.fgb'),
  output('parties', 'parties.fgb'),
  output('locations', 'the FlatGeobuf files of the locations'),
];
