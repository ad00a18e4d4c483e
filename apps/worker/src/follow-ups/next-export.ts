/** `export.project`: starts the next export, as it was prepared when the first one was requested. */
import { TOO_MANY_EXPORTS, TooManyExportsError } from '@parcelpost/shared/db/services/limits.js';
import type { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import type { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import { nextExportPatienceMs, type PreparedExport } from '@parcelpost/shared/signatures/prepared.js';
import { PermanentFollowUpError, PostponedError, pauseAsked } from './errors.js';
import type { FollowUpHandler } from './types.js';

export interface NextExportOptions {
  writes: Pick<Writes, 'startNext'>;
  relay: Pick<OutboxRelay, 'run'>;
  /** Base of the links to exports' pages. */
  publicUrl: string;
}

/** Pauses at a limit are drawn out by up to so much, so that what waits at it does not come back all at once. */
const SPREAD = 0.5;

/**
 * One that would pass a limit waits, since it was asked for before it was known how many there would be: as long as its
 * token was minted to outlive, and that of each export after it.
 */
function postponed({ message, retryAfterSeconds }: TooManyExportsError, prepared: PreparedExport) {
  const pauseMs = pauseAsked(retryAfterSeconds * 1000 * (1 + SPREAD * Math.random()));
  return new PostponedError(TOO_MANY_EXPORTS.type, message, pauseMs, nextExportPatienceMs(prepared));
}

/**
 * Makes the handler. Its result is `{exportId, organization, project, links}` as soon as the export is begun; how that
 * one ends is for follow-ups of its own. Run again, it finds the export begun and says the same.
 */
export function createNextExportHandler({ writes, relay, publicUrl }: NextExportOptions): FollowUpHandler {
  return async (_input, args, context) => {
    const prepared = args.prepared as PreparedExport | undefined;
    if (!prepared || !context.sealed) {
      const lacking = prepared ? 'its token is not there' : 'it was not prepared';
      throw new PermanentFollowUpError(
        'next-export-not-prepared',
        `The next export cannot be started: ${lacking}. Ask for that export itself, or try the one before it again.`,
      );
    }
    const node = { id: context.followUpId, exportId: context.exportId };
    const { exportId, started } = await writes.startNext(node, prepared, context.sealed).catch((error: unknown) => {
      throw error instanceof TooManyExportsError ? postponed(error, prepared) : error;
    });
    context.log.info(
      { nextExportId: exportId, started },
      started ? 'next export started' : 'next export was started before',
    );
    await relay.run();
    return {
      exportId,
      organization: prepared.organization,
      project: prepared.project,
      links: [{ text: `Export of ${prepared.projectName}`, url: exportPageUrl(publicUrl, exportId) }],
    };
  };
}
