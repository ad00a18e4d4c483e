/** From a record's value to the text of one CSV cell. */
import { type AttributeValue, ExactNumber } from '@parcelpost/shared/records.js';
import { toJson } from '../json.js';

/** What stands in a cell of a fixed column. */
export type Cell = string | number | boolean | ExactNumber | null | undefined;

/**
 * The text of a cell, before CSV quoting.
 *
 * Text as it is; numbers with every digit (an {@link ExactNumber} verbatim, -0 as 0, 1e308 as `1e+308`); `true`/`false`;
 * null, undefined and numbers that are not finite empty. A list joins its items with `, ` (null items empty);
 * objects, and lists within lists, are JSON.
 *
 * With `escapeFormulas` a text that a spreadsheet would run as a formula gets a leading apostrophe: one that begins with
 * `=`, `+`, `-`, `@`, tab or carriage return (OWASP, "CSV Injection"). Numbers stay numbers.
 */
export function formatCell(value: AttributeValue | undefined, escapeFormulas = false): string {
  switch (typeof value) {
    case 'string':
      return escapeFormulas ? defuse(value) : value;
    case 'number':
      return Number.isFinite(value) ? `${value}` : '';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return '';
      if (value instanceof ExactNumber) return value.text;
      if (Array.isArray(value)) {
        const text = value.map(listItem).join(', ');
        return escapeFormulas ? defuse(text) : text;
      }
      return toJson(value);
    default:
      return '';
  }
}

/** Keeps a spreadsheet from running a text as a formula; see {@link formatCell}. */
export function defuse(text: string): string {
  switch (text.charCodeAt(0)) {
    case 0x3d: // =
    case 0x2b: // +
    case 0x2d: // -
    case 0x40: // @
    case 0x09: // tab
    case 0x0d: // carriage return
      return `'${text}`;
    default:
      return text;
  }
}

function listItem(value: AttributeValue): string {
  return Array.isArray(value) ? toJson(value) : formatCell(value);
}
