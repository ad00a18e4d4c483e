/**
 * Milliseconds that a `Retry-After` header (RFC 9110, 10.2.3) asks for: whole seconds, or an HTTP date counted from `now`.
 * Undefined if there is none or it cannot be read. Whoever obeys it sets limits of their own.
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
