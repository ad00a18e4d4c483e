/** JSON (RFC 8259) that writes numbers with every digit. */
import { type AttributeValue, ExactNumber } from '@parcelpost/shared/records.js';

/**
 * The text of a value, without blanks. An {@link ExactNumber} is written as the number that it is (JSON.stringify could
 * only quote it), a number that is not finite as null, half a surrogate pair as its escape. Members keep their order.
 */
export function toJson(value: AttributeValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${toJson(item)}`)
    .join(',')}}`;
}
