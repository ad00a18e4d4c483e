/** `ops follow-ups replay <id>`: one that failed is run once more, and what waits for it in its canvas goes on. */
import { ReplayRefusedError } from '@parcelpost/shared/db/services/follow-ups.js';
import { type OpsContext, PROGRAM, RefusedError } from './context.js';

/** What can be done instead, by the reason. */
const INSTEAD: Record<ReplayRefusedError['reason'], string> = {
  'not-found': `what there is: ${PROGRAM} follow-ups list`,
  'not-a-task': `its parts are among: ${PROGRAM} follow-ups list --state failed`,
  'not-failed': `those that failed: ${PROGRAM} follow-ups list --state failed`,
  'export-open': `its follow-ups are released by the outcome: ${PROGRAM} exports list --state open`,
  superseded: 'nothing is left to do with it',
};

/** Has a failed follow-up run again. The outcome of its export is not touched. */
export async function replayFollowUp({ writes, config, print }: OpsContext, id: string): Promise<number> {
  try {
    await writes.replay(id);
  } catch (error) {
    if (!(error instanceof ReplayRefusedError)) throw error;
    throw new RefusedError(`Not replayed: ${error.message}; ${INSTEAD[error.reason]}`);
  }
  print(
    `Follow-up ${id} is to be run once more: a producer or a worker enters it into its queue within ${config.SWEEP_SECONDS} s.\n` +
      `What becomes of it: ${PROGRAM} follow-ups show ${id}`,
  );
  return 0;
}
