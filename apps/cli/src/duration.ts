/** Spans of time as people write them. */

import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90`, `90s`, `15m`, `2h`, `1d`; a number alone is seconds. @throws {CliError} for anything else */
export function parseDuration(text: string, option: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  // Timers of Node take no more.
  if (!(ms >= 0) || ms >= 2 ** 31) {
    throw new CliError(EXIT.usage, 'usage', `${option} takes a span of time up to 24d, such as 90s, 15m or 2h.`);
  }
  return ms;
}

/** A span as `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function humanDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
