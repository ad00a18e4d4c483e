/** The CSV that a table's records ought to give, told again from the rules and not by the code that writes it. */
import type { ExactJson } from '../support/python.js';
import type { Question, StoredRecord } from './database-records.js';

export interface ExpectedTable {
  /** Names of the columns. */
  columns: string[];
  /** The names as the file has them: defused. */
  header: string[];
  /** Cells of each record, by its id. */
  rows: Map<string, string[]>;
}

/**
 * Fixed columns first, then the form's questions in its order, then what else was answered, by the order of UTF-8.
 * A question with a fixed column's name is `attributes.<name>`. Text that a spreadsheet would run is defused.
 */
export function expectedTable(
  fixed: readonly string[],
  questions: readonly Question[],
  records: readonly StoredRecord[],
): ExpectedTable {
  const form = questions.map(({ name }) => name);
  const answered = new Set(records.flatMap(({ attributes }) => [...attributes.keys()]));
  const others = [...answered]
    .filter((name) => !form.includes(name))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const attributes = [...form, ...others];
  const columns = [...fixed, ...attributes.map((name) => (fixed.includes(name) ? `attributes.${name}` : name))];
  return {
    columns,
    header: columns.map(defused),
    rows: new Map(
      records.map((record) => [
        record.id,
        [
          ...fixed.map((name) => fixedCell(record.fixed[name])),
          ...attributes.map((name) => attributeCell(record.attributes.get(name))),
        ],
      ]),
    ),
  };
}

function fixedCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? String(value) : defused(value);
}

function attributeCell(value: ExactJson | undefined): string {
  const text = cellText(value);
  return typeof value === 'string' || Array.isArray(value) ? defused(text) : text;
}

/** The text of an answer in one cell: lists joined, what is nested as JSON, nothing for null. */
export function cellText(value: ExactJson | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(listItem).join(', ');
  return json(value);
}

function listItem(item: ExactJson): string {
  if (item === null) return '';
  return typeof item === 'string' ? item : json(item);
}

function json(value: ExactJson): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${json(item)}`).join(',')}}`;
  }
  return numeral(value.number);
}

function defused(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

/** A number as JavaScript writes it where that says the same, else as the platform wrote it. */
export function numeral(token: string): string {
  const plain = String(Number(token));
  return isSameNumber(plain, token) ? plain : token;
}

/** Whether two decimal numerals stand for the same number, to the last digit. */
function isSameNumber(a: string, b: string): boolean {
  return JSON.stringify(digits(a)) === JSON.stringify(digits(b));
}

/** Sign, digits without zeros at either end, and the power of ten of the last; undefined for what is no numeral. */
function digits(text: string): [sign: string, digits: string, power: number] | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole === '') return undefined;
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = all.replace(/0+$/, '');
  if (significant === '') return ['', '0', 0];
  return [sign, significant, Number(exponent) - fraction.length + all.length - significant.length];
}
