import type { StopReason } from '@parcelpost/shared/db/services/export-jobs.js';
import { ExportError, type ExportFailure } from '@parcelpost/shared/errors.js';

/** Raised in work that is to stop: the abort flag is up (who raised it recorded why), or the work is nobody's any more. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
  constructor(readonly reason: StopReason) {
    super('the export was aborted');
  }
}

/**
 * The reason of a failure as people may read it. An error that was not made to be read is masked: its text may hold
 * paths, addresses or secrets; the log has it under the export's id.
 */
export function failureOf(
  error: unknown,
  place: { step: string | null; shard: number | null; attempts: number },
): ExportFailure {
  if (error instanceof ExportError) return { code: error.code, message: error.message, ...place };
  return {
    code: 'internal',
    message:
      'Something unexpected went wrong on our side. Try again; if it happens again, tell the operator this export’s id.',
    ...place,
  };
}
