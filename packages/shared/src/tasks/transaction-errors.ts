/** Errors of PostgreSQL that ask for the whole transaction once more (PostgreSQL 18, section 13.5). */

/** serialization_failure, deadlock_detected */
const AGAIN = new Set(['40001', '40P01']);

/** Whether a transaction that failed of this may well succeed if it is begun anew. */
export function wantsAnotherTry(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && AGAIN.has(code);
}
