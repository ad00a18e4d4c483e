/** Which fields the table of a shapefile has, once all of its fragments are known. */
import { attributeColumns, type Column, type SchemaField } from '../csv/columns.js';
import { mergeTallies, type Tally } from '../tally.js';
import { columnType } from '../typed/values.js';
import { fieldNames } from './names.js';
import { type Field, MAX_FIELD, TABLE_COLUMNS } from './table.js';
import { type FieldFigures, mergeFigures, noFigures } from './values.js';

/** As many as a byte counts, which is what dBase IV and its readers do. With texts at their longest a row is below 64 KiB. */
const MOST_FIELDS = 255;

/** Characters of a number that dBase IV has room for. */
const MOST_DIGITS = 20;
/** Where numbers are too large, too small or of too many digits for that: room for every double in its shortest form. */
const ANY_DOUBLE = { type: 'N', width: 24, decimals: 15 } as const;

/** A field that holds an attribute. */
export interface AttributeColumn extends Field {
  /** The attribute's name in the records. */
  attribute: string;
  /** As manifest and readme describe it. */
  column: Column;
}

export interface PlannedFields {
  fields: AttributeColumn[];
  /** Names of attributes for which there was no room. */
  leftOut: string[];
  /** Attributes of which a text was cut, and the records. */
  cut: { names: string[]; tally: Tally };
}

/**
 * The fields of attributes, behind those that every table has: the form's questions in its order, then the others by code
 * point. Each has the type that holds all of its values without a loss: L, N with as many digits as the longest
 * number has, D where the form says `date` or says nothing; else C, of the longest text up to 254 bytes.
 * @param metas the attributes of each fragment, by name
 */
export function planFields(
  form: readonly SchemaField[],
  metas: readonly (readonly (readonly [key: string, figures: FieldFigures])[])[],
): PlannedFields {
  const figures = new Map<string, FieldFigures>();
  const cuts = new Map<string, Tally[]>();
  for (const [key, found] of metas.flat()) {
    const known = figures.get(key) ?? noFigures();
    figures.set(key, known);
    mergeFigures(known, found);
    if (found.cut.count > 0) cuts.set(key, [...(cuts.get(key) ?? []), found.cut]);
  }
  const all = attributeColumns([], form, figures.keys());
  const chosen = all.slice(0, MOST_FIELDS - TABLE_COLUMNS.length);
  const names = fieldNames(
    chosen.map(({ attribute }) => attribute),
    TABLE_COLUMNS.map(({ name }) => name),
  );
  const fields = chosen.map(({ attribute, label, type, when }, place): AttributeColumn => {
    const field = { name: names[place] as string, ...typeOf(figures.get(attribute) ?? noFigures(), type) };
    const column = { name: field.name, label, type, ...(when && { when }), source: attribute, field: typeText(field) };
    return { ...field, attribute, column };
  });
  const shortened = fields.filter(({ type, attribute }) => type === 'C' && cuts.has(attribute));
  return {
    fields,
    leftOut: all.slice(chosen.length).map(({ attribute }) => attribute),
    cut: {
      names: shortened.map(({ attribute }) => attribute),
      tally: mergeTallies(shortened.flatMap(({ attribute }) => cuts.get(attribute) ?? [])),
    },
  };
}

function typeOf({ kinds, bytes, whole, decimals }: FieldFigures, asked: string): Omit<Field, 'name'> {
  switch (columnType(kinds, asked === 'unspecified' ? 'date' : asked)) {
    case 'BOOLEAN':
      return { type: 'L', width: 1, decimals: 0 };
    case 'DATE':
      return { type: 'D', width: 8, decimals: 0 };
    case 'INTEGER':
      return { type: 'N', width: whole, decimals: 0 };
    case 'REAL': {
      const behind = Math.max(1, decimals);
      const width = whole + 1 + behind;
      return width > MOST_DIGITS ? ANY_DOUBLE : { type: 'N', width, decimals: behind };
    }
    default:
      return { type: 'C', width: Math.min(MAX_FIELD, Math.max(1, bytes)), decimals: 0 };
  }
}

/** `C(12)`, `N(6,2)`. */
function typeText({ type, width, decimals }: Field): string {
  return `${type}(${width}${decimals > 0 ? `,${decimals}` : ''})`;
}
