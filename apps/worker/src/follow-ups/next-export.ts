/** `export.project`: starts the next export, as it was prepared when the first one was requested. */
import type { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import type { OutboxRelay } from '@parcelpost/shared/queues/relay.js';
import type { PreparedExport } from '@parcelpost/shared/signatures/prepared.js';
import { PermanentFollowUpError } from './errors.js';
import type { FollowUpHandler } from './types.js';

export interface NextExportOptions {
  writes: Pick<Writes, 'startNext'>;
  relay: Pick<OutboxRelay, 'run'>;
  /** Base of the links to exports' pages. */
  publicUrl: string;
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
    const { exportId, started } = await writes.startNext(node, prepared, context.sealed);
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
