/** Which columns a CSV has, in which order, under which names. */
import { ExportError } from '@parcelpost/shared/errors.js';

/** A column as the manifest and the readme describe it. */
export interface Column {
  name: string;
  label: string;
  /** The platform's word for the kind of answer (`text`, `integer`, `select_one` …); `unspecified` where no form has it. */
  type: string;
  /** Types of records of which the form asks it, where it asks not all of them. */
  when?: { readonly type: readonly string[] } | undefined;
  /** The attribute's own name in the records, where the file has another for it (as a shapefile's table). */
  source?: string | undefined;
  /** The type of the field that holds it, in the file's own words: `N(6,2)`. */
  field?: string | undefined;
}

/** A column that comes from the records' attributes; `attribute` is the key there. */
export interface AttributeColumn extends Column {
  attribute: string;
}

/** A form's question, as far as columns need it. */
export interface SchemaField {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly when?: { readonly type: readonly string[] } | undefined;
}

/** As many columns as a spreadsheet can open (XFD); past it, keys are data that slipped into the place of names. */
export const MAX_COLUMNS = 16_384;

/**
 * The attribute columns of a table: the form's questions in the form's order, then every other key, sorted by code point.
 *
 * A key that bears a fixed column's name becomes `attributes.<key>`, and once more so while that is taken too.
 */
export function attributeColumns(
  fixed: readonly { readonly name: string }[],
  schema: readonly SchemaField[],
  found: Iterable<string>,
): AttributeColumn[] {
  const fields = new Map<string, SchemaField>();
  for (const field of schema) if (!fields.has(field.name)) fields.set(field.name, field);
  const others = [...new Set(found)].filter((key) => !fields.has(key)).sort(compareCodePoints);
  checkColumnCount(fixed.length + fields.size + others.length);

  const fixedNames = new Set(fixed.map((column) => column.name));
  const taken = new Set([...fixedNames, ...fields.keys(), ...others]);
  const nameOf = (key: string) => {
    if (!fixedNames.has(key)) return key;
    let name = `attributes.${key}`;
    while (taken.has(name)) name = `attributes.${name}`;
    taken.add(name);
    return name;
  };
  const columnOf = (column: Column): AttributeColumn => {
    const attribute = column.name;
    const name = nameOf(attribute);
    return { ...described(column), name, attribute, ...(name !== attribute && { source: attribute }) };
  };
  return [
    ...[...fields.values()].map(columnOf),
    ...others.map((key) => columnOf({ name: key, label: key, type: 'unspecified' })),
  ];
}

/** What is told of a column, without whatever else its object has. */
export function described({ name, label, type, when, source, field }: Column): Column {
  return { name, label, type, ...(when && { when }), ...(source !== undefined && { source }), ...(field && { field }) };
}

/** Throws a permanent {@link ExportError} (`too-many-columns`) past {@link MAX_COLUMNS}. */
export function checkColumnCount(count: number): void {
  if (count > MAX_COLUMNS) {
    throw new ExportError(
      'too-many-columns',
      `The records have ${count} different columns, more than the ${MAX_COLUMNS} that a table can have. ` +
        'Attribute names that differ from record to record usually are values in the place of names: correct them on the platform, and ask again.',
      true,
    );
  }
}

/** Orders texts by code point, which is also the order of their UTF-8 bytes (a plain sort goes by UTF-16 unit). */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
