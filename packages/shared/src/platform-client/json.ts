/**
 * JSON (RFC 8259) of the platform's answers, with every digit of its numbers.
 *
 * `JSON.parse` is quick and keeps `__proto__` as a plain own key, but rounds what a double cannot carry. A scan of the
 * text finds the rare answers in which that would happen; these alone are parsed again, slowly and exactly.
 */
import type { Geometry } from 'geojson';
import { isSafeNumber, parse as parseLossless } from 'lossless-json';
import { ExactNumber } from '../records.js';

/**
 * Every number that might not fit a double: 16 digits or more, or an exponent of three digits. Geometries are skipped
 * as a whole (first alternative), since a coordinate's 17th digit is far below any survey's precision.
 */
const CANDIDATE =
  /"coordinates"\s*:\s*\[(?:[[\]\s,]+|-?\d{1,15}(?:\.\d+)?(?:[eE][+-]?\d{1,2})?(?!\d))*|[:[,]\s*(-?\d(?:[\d.eE+-]{15,}|[\d.]*[eE][+-]?\d{3,}))/g;
const COORDINATES_STOPPED_AT_NUMBER = /[-\d]/;
/** What the greedy end of {@link CANDIDATE} may hold beyond a number, as inside a string. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether `JSON.parse` would lose digits of this text's numbers, coordinates aside. May say yes for digits in a string. */
export function losesDigits(text: string): boolean {
  CANDIDATE.lastIndex = 0;
  for (let match = CANDIDATE.exec(text); match !== null; match = CANDIDATE.exec(text)) {
    const number = match[1];
    if (number === undefined) {
      if (COORDINATES_STOPPED_AT_NUMBER.test(text.charAt(CANDIDATE.lastIndex))) return true;
    } else if (NUMBER.test(number) && !isSafeNumber(number)) return true;
  }
  return false;
}

/** A parsed answer; `exact` says that it holds {@link ExactNumber}s, and may do so inside coordinates too. */
export interface Parsed {
  value: unknown;
  exact: boolean;
}

/**
 * Parses one answer. Numbers that a double cannot carry digit for digit become {@link ExactNumber}; all others are numbers.
 * Of keys given twice the last counts, as with `JSON.parse`. Throws SyntaxError if the text is not JSON.
 */
export function parseExactly(text: string): Parsed {
  if (!losesDigits(text)) return { value: JSON.parse(text), exact: false };
  const value = parseLossless(text, null, {
    parseNumber: (number) => (isSafeNumber(number) ? Number(number) : new ExactNumber(number)),
    onDuplicateKey: ({ newValue }) => newValue,
  });
  return { value, exact: true };
}

/** Turns the exact numbers inside a geometry's coordinates back into plain ones, in place. */
export function roundCoordinates(geometry: Geometry | null): void {
  if (geometry === null) return;
  if (geometry.type === 'GeometryCollection') geometry.geometries.forEach(roundCoordinates);
  else roundPositions(geometry.coordinates);
}

function roundPositions(positions: unknown[]): void {
  for (let index = 0; index < positions.length; index++) {
    const item = positions[index];
    if (item instanceof ExactNumber) positions[index] = Number(item.text);
    else if (Array.isArray(item)) roundPositions(item);
  }
}
