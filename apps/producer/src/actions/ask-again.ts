/** Asking once more for what an export was: the same project, options and follow-ups, as a request of its own. */
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import type { ExportRequestBody } from '@parcelpost/shared/export-request.js';
import { unprepared } from './prepare-next-exports.js';

/**
 * The body of a request for the same export. Follow-ups are those of whoever asked for it: somebody else gets it without, since
 * they may mail, call and pay in that person's name.
 * @param apiToken token of another platform, where that holds the project
 */
export function sameRequest(row: ExportRow, user: UserRow, apiToken: string | undefined): ExportRequestBody {
  // What it was the same as, once, is of no interest any more.
  const { outputType, formats, unchangedSince: _, ...options } = row.options;
  const { onSuccess, onFailure } = row.requester.id === user.id ? unprepared(row) : { onSuccess: [], onFailure: [] };
  return {
    ...options,
    ...(outputType === 'custom' ? { formats } : { outputType }),
    csv: { delimiter: ',', geometry: 'ewkt', labels: false, ...options.csv },
    shapefileAttributes: options.shapefileAttributes ?? false,
    includeArchived: options.includeArchived ?? false,
    provenance: options.provenance ?? false,
    onSuccess,
    onFailure,
    ...(apiToken !== undefined && { apiToken }),
  } as ExportRequestBody;
}
