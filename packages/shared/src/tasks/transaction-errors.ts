/** Errors of PostgreSQL that ask for the whole transaction once more (PostgreSQL 18, section 13.5). */

/** serialization_failure, deadlock_detected */
const AGAIN = new Set(['40001', '40P01']);

/** query_canceled: by `statement_timeout`, or by an administrator */
const CANCELED = '57014';

/** Whether a transaction that failed of this may well succeed if it is begun anew. */
export function wantsAnotherTry(error: unknown): boolean {
  return AGAIN.has(codeOf(error));
}

/** Whether a statement was ended because it took longer than it may. */
export const isTimeout = (error: unknown): boolean => codeOf(error) === CANCELED;

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
