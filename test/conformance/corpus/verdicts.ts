/** What became of each case in each format: the same, the same in other words, or something else that the manifest tells. */
import { type AttributeValue, ExactNumber } from '@parcelpost/shared/records.js';
import type { Geometry } from 'geojson';
import type { ExactJson } from '../../support/python.js';
import { cellText, numeral } from '../expected-table.js';
import { normal, positionsOf } from '../normal-geometry.js';
import type { Found } from './readers.js';

/** `=` the same value; `≈` it, by a rule of the format; else the code of the manifest's warning that names the record. */
export type Verdict = '=' | '≈' | '–' | `! ${string}`;

interface Column {
  name: string;
  label: string;
  source?: string;
}

export interface ManifestOfCorpus {
  files: { name: string; columns?: Column[]; tables?: { name: string; columns: Column[] }[] }[];
  warnings: { code: string; count: number; ids: string[] }[];
}

const said = (value: unknown) => JSON.stringify(printable(value));
const same = (a: unknown, b: unknown) => said(a) === said(b);

/** JSON has no NaN, and no -0. */
function printable(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : `${value}`;
  if (Array.isArray(value)) return value.map(printable);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, printable(item)]));
  }
  return value;
}

/** The manifest's warning of a format that names a record. */
export function warningOf(manifest: ManifestOfCorpus, prefix: string, id: string): Verdict | undefined {
  const found = manifest.warnings.find(({ code, ids }) => code.startsWith(prefix) && ids.includes(id));
  return found && `! ${found.code}`;
}

/** @param read undefined where the format has no such record */
export function geometryVerdict(source: Geometry | null, read: Geometry | null | undefined): Verdict | undefined {
  if (read === undefined) return undefined;
  if (said(source) === said(read) || sourceForm(source) === said(form(read))) return '=';
  // Heights are those of the whole file; a group of one, or one that is empty, is not told from none or one alone.
  if (isEmpty(source) && isEmpty(read)) return '≈';
  return same(group(form(source, true)), group(form(read, true))) ? '≈' : undefined;
}

/** Of the source's geometries, which every format is compared with. */
const forms = new WeakMap<Geometry, string>();

function sourceForm(source: Geometry | null): string {
  if (source === null) return said(null);
  const known = forms.get(source) ?? said(form(source));
  forms.set(source, known);
  return known;
}

function form(geometry: Geometry | null, z?: boolean): unknown {
  return z === undefined ? normal(geometry) : normal(geometry, z);
}

/** Whether there is no position in it. */
const isEmpty = (geometry: Geometry | null) => positionsOf(geometry).length === 0;

function group(geometry: unknown): unknown {
  const { type, coordinates } = (geometry ?? {}) as { type?: string; coordinates?: unknown[] };
  if (!type || !coordinates) return geometry;
  return /^(Line|Poly)/.test(type) ? { type: `Multi${type}`, coordinates: [coordinates] } : geometry;
}

export function valueVerdict(value: AttributeValue, found: Found): Verdict | undefined {
  const exact = asExact(value);
  if (found && 'json' in found) {
    if (same(entries(exact), entries(found.json))) return '=';
    return undefined;
  }
  const text = cellText(exact);
  if (found === undefined) return value === null ? '=' : text === '' ? '≈' : undefined;
  if ('truth' in found) return found.truth === value ? '=' : undefined;
  if ('number' in found) {
    const isNumber = typeof value === 'number' || value instanceof ExactNumber;
    return isNumber && numeral(found.number) === text ? '=' : undefined;
  }
  if (found.text === value) return '=';
  // A text that a spreadsheet would run has an apostrophe before it.
  return found.text === text || (found.text === `'${text}` && /^[=+\-@\t\r]/.test(text)) ? '≈' : undefined;
}

function asExact(value: AttributeValue): ExactJson {
  if (typeof value === 'number') return { number: Object.is(value, -0) ? '0' : String(value) };
  if (value instanceof ExactNumber) return { number: value.text };
  if (Array.isArray(value)) return value.map(asExact);
  if (value !== null && typeof value === 'object') {
    return new Map(Object.entries(value).map(([key, item]) => [key, asExact(item)]));
  }
  return value;
}

/** With maps as lists and numbers by their value, which JSON can print. */
function entries(value: ExactJson): unknown {
  if (value instanceof Map) return [...value].map(([key, item]) => [key, entries(item)]);
  if (Array.isArray(value)) return value.map(entries);
  if (value !== null && typeof value === 'object') return { number: numeral(value.number) };
  return value;
}

/**
 * The column under which an attribute is in a file, by what the manifest says of it.
 * @param names columns that the file was found to have
 */
export function columnOf(
  manifest: ManifestOfCorpus,
  key: string,
  names: ReadonlySet<string>,
  isOf: (file: string) => boolean,
): { name: string; told: boolean } | undefined {
  const columns = manifest.files
    .filter(({ name }) => isOf(name))
    .flatMap(({ columns = [], tables = [] }) => [
      ...columns,
      ...tables.filter(({ name }) => !/^(parties|relationships)$/.test(name)).flatMap((table) => table.columns),
    ]);
  // The attribute `id` is not the column `id`, which is the record's own.
  const described = [
    ...columns.filter(({ source }) => source === key),
    ...columns.filter(({ source, name }) => source === undefined && name === key),
  ];
  const found = described.find(({ name }) => names.has(name) || names.has(`'${name}`));
  return found && { name: names.has(found.name) ? found.name : `'${found.name}`, told: true };
}
