/**
 * What the producer leaves in the arguments of an `export.project`, so that a worker can start the next export without
 * asking anybody: rights were checked when the first one was requested. Its token is kept apart ({@link SealedTokens}).
 */
import type { ExportOptions } from '../export-request.js';
import type { Signature } from './signature.js';

/** The next export's row, but for its id (that of the follow-up which starts it) and its times. */
export interface PreparedExport {
  organization: string;
  organizationName: string;
  project: string;
  projectName: string;
  /** Who asked for the first export; a copy, as on every export's row. */
  requester: { id: string; name: string; email: string; language: string };
  options: ExportOptions;
  /** Resolved, prepared and signed for the next export's id. */
  onSuccess: Signature[];
  onFailure: Signature[];
  /** Minutes that the next export has from its start on. */
  deadlineMinutes: number;
}

/**
 * For how long a next export that would pass a limit waits once its turn has come, in milliseconds: as long as it is itself
 * given. Tokens are minted to outlive it.
 */
export const nextExportPatienceMs = ({ deadlineMinutes }: Pick<PreparedExport, 'deadlineMinutes'>): number =>
  deadlineMinutes * 60_000;
