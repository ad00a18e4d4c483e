/** 410: what has expired, when, and how to ask for it again. */
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import { problem } from '../problems.js';

/**
 * `export-expired`, with a member `expired` for programs: the export, since when, and the request that asks for a new one.
 * @param at when the files' time was over; null where that is not known any more
 */
export function expiredProblem(
  row: Pick<ExportRow, 'id' | 'organization' | 'project' | 'options'>,
  at: Date | null,
  publicUrl: string,
): ReturnType<typeof problem> {
  const { organization, project, options } = row;
  const path = `/api/v1/organizations/${encodeURIComponent(organization)}/projects/${encodeURIComponent(project)}/exports`;
  const url = new URL(path, publicUrl).href;
  const { outputType, formats } = options;
  const expired = {
    exportId: row.id,
    at: at?.toISOString() ?? null,
    page: exportPageUrl(publicUrl, row.id),
    again: { method: 'POST', url, body: outputType === 'custom' ? { formats } : { outputType } },
  };
  const when = at === null ? '' : ` at ${at.toISOString()}`;
  const detail = `The files of this export of ${organization}/${project} expired${when} and are gone. Ask for a new one: POST ${url}`;
  return problem('export-expired', detail, { members: { expired } });
}
