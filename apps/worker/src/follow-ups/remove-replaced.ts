/** `export.remove-replaced`: takes the bundles from storage that a later try's has replaced. No request can name it. */
import type { FollowUpHandler } from './types.js';

export interface RemoveReplacedOptions {
  /** Removes those of the generations before one. @returns how many there were; what is gone already is no error */
  removeReplaced(exportId: string, generation: number): Promise<number>;
}

/** Makes the handler. Its result is `{removed}`. */
export function createRemoveReplacedHandler({ removeReplaced }: RemoveReplacedOptions): FollowUpHandler {
  return async (_input, { generation }, { exportId }) => ({
    removed: await removeReplaced(exportId, generation as number),
  });
}
