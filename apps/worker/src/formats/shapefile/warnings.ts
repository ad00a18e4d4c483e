/** What readers of shapefiles are to be told of their tables' attributes. */
import type { BundleWarning } from '../bundle/info.js';
import { amount } from '../bundle/text.js';
import type { ShapefileResult } from './reduce.js';
import type { Family } from './shape.js';

/** Names that a warning tells; the manifest has all of the table's, and locations.csv those that it lacks. */
const NAMES_TOLD = 10;

/**
 * A warning for attributes that are not in a table, for texts that it cuts, for what it has in the place of characters
 * that it cannot hold, and for spaces that it cannot tell from its own.
 * @param inCsv whether the bundle has locations.csv too
 */
export function attributeWarnings(
  family: Family,
  { leftOut, cut, replaced, trimmed }: ShapefileResult['attributes'],
  inCsv: boolean,
): BundleWarning[] {
  const table = `${family}.dbf`;
  const elsewhere = inCsv ? '; locations.csv has it whole' : '';
  const warnings: BundleWarning[] = [];
  if (leftOut.length > 0) {
    const message =
      `${amount(leftOut.length, 'attribute is', 'attributes are')} not in ${table}, since such a table has room for 255 columns` +
      `${inCsv ? '; locations.csv has them' : ''}: ${listed(leftOut)}`;
    const values = { file: table, names: told(leftOut) };
    warnings.push({ code: 'shapefile-columns-left-out', message, count: leftOut.length, ids: [], values });
  }
  if (cut.tally.count > 0) {
    const message =
      `${amount(cut.tally.count, 'answer is', 'answers are')} cut in ${table} to the 254 bytes that a dBase field can hold, ` +
      `under ${listed(cut.names)}${elsewhere}`;
    warnings.push({ code: 'shapefile-text-cut', message, ...cut.tally, values: { file: table } });
  }
  if (replaced.count > 0) {
    const message =
      `${amount(replaced.count, 'location is', 'locations are')} in ${table} with � in the place of what is no character ` +
      `(U+0000, or half of one)${elsewhere}`;
    warnings.push({ code: 'shapefile-no-character', message, ...replaced, values: { file: table } });
  }
  if (trimmed.count > 0) {
    const message =
      `${amount(trimmed.count, 'location has', 'locations have')} a text in ${table} without the spaces at its end, ` +
      `which fill a dBase field in any case${elsewhere}`;
    warnings.push({ code: 'shapefile-spaces', message, ...trimmed, values: { file: table } });
  }
  return warnings;
}

const quoted = (names: readonly string[]) => names.slice(0, NAMES_TOLD).map((name) => JSON.stringify(name));

function listed(names: readonly string[]): string {
  const more = names.length - NAMES_TOLD;
  return `${quoted(names).join(', ')}${more > 0 ? ` and ${more} others` : ''}`;
}

/** The same in no language. */
function told(names: readonly string[]): string {
  return [...quoted(names), ...(names.length > NAMES_TOLD ? ['…'] : [])].join(', ');
}
