/** Times and foreign text in a form that people read. */
import { lazily } from '@parcelpost/shared/lazily.js';

const time = lazily(() => new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }));

/** An ISO 8601 time as `12 March 2026 at 14:05 UTC`. */
export function humanTime(iso: string): string {
  return `${time().format(new Date(iso))} UTC`;
}

/**
 * Foreign text as one line that cannot disturb what stands around it: control characters and line ends become spaces,
 * and the marks that turn the direction of what follows (Unicode bidirectional embeddings, overrides, isolates) go.
 */
export function singleLine(text: string): string {
  return text
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}
