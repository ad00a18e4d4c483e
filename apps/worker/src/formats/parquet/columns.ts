/** Which types the columns of a Parquet file have, and how values come to be of them (parquet.apache.org, "Logical Types"). */
import type { SchemaElement } from 'hyparquet-writer';
import type { TypedColumn } from '../typed/columns.js';
import { type ColumnType, daysOf, type StoredValue } from '../typed/values.js';
import { BBOX, GEOMETRY, SIDES } from './geo.js';

/** What is handed to the writer: a value of the column's type, or null. */
export type Cell = string | number | bigint | boolean | Uint8Array | Record<string, number> | null;

const TYPES: Record<ColumnType, Omit<SchemaElement, 'name'>> = {
  BOOLEAN: { type: 'BOOLEAN' },
  INTEGER: { type: 'INT64' },
  REAL: { type: 'DOUBLE' },
  // Both words for what they are: older programs know one, newer ones the other.
  DATE: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
  TEXT: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
};

/** The schema of a file; `geometries`: with a geometry and its extent behind the records' columns. */
export function parquetSchema(columns: readonly TypedColumn[], geometries: boolean): SchemaElement[] {
  const own: SchemaElement[] = [
    { name: GEOMETRY, type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
    { name: BBOX, repetition_type: 'OPTIONAL', num_children: SIDES.length },
    ...SIDES.map((name): SchemaElement => ({ name, type: 'DOUBLE', repetition_type: 'REQUIRED' })),
  ];
  return [
    { name: 'schema', num_children: columns.length + (geometries ? 2 : 0) },
    ...columns.map(
      ({ name, columnType }): SchemaElement => ({ name, ...TYPES[columnType], repetition_type: 'OPTIONAL' }),
    ),
    ...(geometries ? own : []),
  ];
}

/** What a column of this type holds of a value that is of it. */
export function cellOf(type: ColumnType, value: StoredValue): Cell {
  if (value === null) return null;
  switch (type) {
    case 'INTEGER':
      return BigInt(value);
    case 'REAL':
      return Number(value);
    case 'DATE':
      return daysOf(`${value}`) ?? null;
    default:
      return value;
  }
}
