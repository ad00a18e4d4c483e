/** What is offered of an export whose results an older version of the software has made. Pure: what is shown starts nothing. */
import type { ExportRow, ExportState } from '@parcelpost/shared/db/services/exports.js';
import type { Renewal } from '@parcelpost/shared/db/services/renewals.js';
import type { Pipeline } from '@parcelpost/shared/pipeline/pipeline.js';

/** What is offered of an export, as everybody who sees it may know. */
export interface RenewalOffer {
  /** Whether a newer version of its results can be had. */
  available: boolean;
  /** The steps that would make them otherwise. */
  steps: string[];
  /** The newest renewal there is: one that runs, or has come to its end; null where there is none. */
  renewedBy: string | null;
}

/** What is offered of an export with this newest renewal. */
export function offerOf(
  pipeline: Pipeline,
  row: Pick<ExportRow, 'options' | 'result'>,
  state: ExportState,
  newest: Renewal | undefined,
): RenewalOffer {
  const made = row.result?.steps;
  const steps = state === 'completed' && made ? pipeline.outdated(row.options, made) : [];
  const served = newest !== undefined && (newest.outcome === null || isGood(pipeline, row, newest));
  return { available: steps.length > 0 && !served, steps, renewedBy: newest?.id ?? null };
}

/** Whether a renewal that has come to its end has what a new one would. */
export function isGood(
  pipeline: Pipeline,
  { options }: Pick<ExportRow, 'options'>,
  { outcome, steps, expired }: Renewal,
) {
  return outcome === 'completed' && !expired && steps !== null && pipeline.outdated(options, steps).length === 0;
}
