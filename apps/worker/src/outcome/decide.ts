/** One outcome, one release: the only place that decides an export, and the only one that releases follow-ups. */

import { crashPoint } from '@parcelpost/shared/crash-points.js';
import type { ExportRow, Outcome } from '@parcelpost/shared/db/services/exports.js';
import type { KeptFile } from '@parcelpost/shared/db/services/files.js';
import type { NewPart } from '@parcelpost/shared/db/services/finished-parts.js';
import { CLEARING_MS } from '@parcelpost/shared/db/services/kept-parts.js';
import type { ExportFailure } from '@parcelpost/shared/errors.js';
import {
  type ExportEnd,
  type ExportFailureReport,
  type ExportResult,
  exportPageUrl,
} from '@parcelpost/shared/export-result.js';
import { outboxId } from '@parcelpost/shared/signatures/place.js';
import { plant } from '@parcelpost/shared/signatures/plant.js';
import type { WorkerDeps } from '../processors/deps.js';

export type Decision =
  | { result: ExportResult; file: KeptFile; parts?: readonly NewPart[] }
  | { failure: ExportFailure };

type DecideDeps = Pick<
  WorkerDeps,
  'exports' | 'outcome' | 'runner' | 'writes' | 'outbox' | 'relay' | 'metrics' | 'log' | 'settings'
>;

/**
 * Sets the outcome where there is none and, in the same transaction, gives the bundle to the project and writes the canvas of
 * follow-ups that the outcome calls for; then relays them. A success of an export that has been told to stop meanwhile is none: then
 * the reason to stop is what is decided. Whoever comes second changes nothing.
 * @returns the outcome that this call decided; undefined when there was one already, or the generation is another
 */
export async function decide(deps: DecideDeps, row: ExportRow, decision: Decision): Promise<Outcome | undefined> {
  const failed = 'failure' in decision;
  const outcome = failed ? outcomeOf(decision.failure) : decision.result.outcome;
  const hook = failed ? 'onFailure' : 'onSuccess';
  const end: ExportEnd = failed
    ? { kind: 'failure', report: failureReport(deps, row, decision.failure) }
    : { kind: 'success', result: decision.result };
  const parts = failed ? [] : (decision.parts ?? []);
  const { id, generation } = row;
  const planted = plant(row[hook], { exportId: id, generation, hook }, row.nextTokens ?? {});

  const { tasks, won } = deps.outcome.decision(
    deps.writes.actor,
    {
      row,
      decision: {
        outcome,
        result: failed ? null : decision.result,
        error: failed ? decision.failure : null,
        expiresAt: failed ? null : decision.file.expiresAt,
        partsUntil: new Date(
          Date.now() + (outcome === 'completed' && parts.length === 0 ? CLEARING_MS : deps.settings.partsTtlMs),
        ),
      },
      file: failed ? undefined : decision.file,
      parts,
    },
    { nodes: planted, end },
  );
  // Workers report progress without waiting for the disk; an outcome waits.
  await deps.runner.runSingleSequence(tasks, { durable: true });
  if (!won()) {
    const now = failed ? undefined : await deps.exports.get(id);
    const stopped = now && now.outcome === null && now.generation === generation ? now.abort : null;
    return stopped ? decide(deps, row, { failure: stopped }) : undefined;
  }
  crashPoint('merge.decided');
  deps.log.info({ exportId: id, outcome, ...(failed ? { failure: decision.failure } : {}) }, 'decided');
  // Beside its follow-ups: there is room for another export now.
  await deps.relay.run();
  await count(deps, row, outcome);
  return outcome;
}

/** What was cancelled has not failed. */
function outcomeOf(failure: ExportFailure): 'failed' | 'cancelled' {
  return failure.code === 'cancelled' ? 'cancelled' : 'failed';
}

async function count({ metrics, outbox }: DecideDeps, row: ExportRow, outcome: Outcome): Promise<void> {
  metrics.exportsDecided.inc({ outcome });
  const { id: exportId, generation } = row;
  const entry = generation === 1 ? undefined : await outbox.get(outboxId({ exportId, generation, place: 'enter' }));
  const asked = entry?.createdAt ?? row.requestedAt;
  metrics.exportDuration.observe({ outcome }, (Date.now() - asked.getTime()) / 1000);
}

function failureReport({ settings }: DecideDeps, row: ExportRow, failure: ExportFailure): ExportFailureReport {
  return {
    exportId: row.id,
    project: projectReference(row),
    outcome: outcomeOf(failure),
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
