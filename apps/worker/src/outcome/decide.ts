/** One outcome, one release: the only place that decides an export, and the only one that releases follow-ups. */

import { announceDecision } from '@parcelpost/shared/db/decisions.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { NewFile } from '@parcelpost/shared/db/services/files.js';
import { insertOutbox } from '@parcelpost/shared/db/services/outbox.js';
import type { ExportFailure } from '@parcelpost/shared/errors.js';
import {
  type ExportFailureReport,
  type ExportResult,
  exportPageUrl,
  type FollowUpInput,
} from '@parcelpost/shared/export-result.js';
import type { WorkerDeps } from '../processors/deps.js';

export type Decision = { result: ExportResult; file: NewFile } | { failure: ExportFailure };

type DecideDeps = Pick<WorkerDeps, 'db' | 'exports' | 'jobs' | 'files' | 'relay' | 'log' | 'settings'>;

/**
 * Sets the outcome where there is none and, in the same transaction, writes the bundle's row and the follow-ups' outbox
 * rows; then relays them. Whoever comes second changes nothing.
 * @returns whether this call decided
 */
export async function decide(deps: DecideDeps, row: ExportRow, decision: Decision): Promise<boolean> {
  const failed = 'failure' in decision;
  const outcome = failed ? 'failed' : decision.result.outcome;
  const hook = failed ? 'onFailure' : 'onSuccess';
  const input: FollowUpInput = failed
    ? { kind: 'failure', report: failureReport(deps, row, decision.failure) }
    : { kind: 'success', result: decision.result };

  const decided = await deps.db.transaction(async (trx) => {
    // Workers report progress without waiting for the disk; an outcome waits.
    await trx.raw('set local synchronous_commit = on');
    const won = await deps.exports.decide(trx, row.id, row.generation, {
      outcome,
      result: failed ? null : decision.result,
      error: failed ? decision.failure : null,
      expiresAt: failed ? null : decision.file.expiresAt,
    });
    if (!won) return false;
    if (!failed) await deps.files.insert(trx, decision.file);
    await deps.jobs.finishMerge(trx, row.id, row.generation, failed ? 0 : decision.file.bytes);
    await announceDecision(trx, row.id);
    await insertOutbox(
      trx,
      row[hook].map(({ task, args, options }, position) => ({
        exportId: row.id,
        generation: row.generation,
        hook,
        position,
        task,
        args,
        options,
        input,
      })),
    );
    return true;
  });
  if (decided) {
    deps.log.info({ exportId: row.id, outcome, ...(failed ? { failure: decision.failure } : {}) }, 'decided');
    if (row[hook].length > 0) await deps.relay.run();
  }
  return decided;
}

function failureReport({ settings }: DecideDeps, row: ExportRow, failure: ExportFailure): ExportFailureReport {
  return {
    exportId: row.id,
    project: projectReference(row),
    outcome: 'failed',
    failure,
    links: pageLinks(settings.publicUrl, row.id),
    requestedBy: requestedBy(row),
    finishedAt: new Date().toISOString(),
  };
}

export const projectReference = (row: ExportRow) => ({
  organization: row.organization,
  slug: row.project,
  name: row.projectName,
});

export const requestedBy = (row: ExportRow) => ({ id: row.requester.id, name: row.requester.name });

export const pageLinks = (publicUrl: string, id: string) => [{ text: 'Export', url: exportPageUrl(publicUrl, id) }];
