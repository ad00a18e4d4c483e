/** `export.remove-replaced`: puts the bundles out of reach that a later try's has replaced. No request can name it. */
import type { FollowUpHandler } from './types.js';

export interface RemoveReplacedOptions {
  /** Puts those of the generations before one out of reach. @returns how many there were; to do it again is no error */
  removeReplaced(exportId: string, generation: number): Promise<number>;
}

/** Makes the handler. Its result is `{removed}`. */
export function createRemoveReplacedHandler({ removeReplaced }: RemoveReplacedOptions): FollowUpHandler {
  return async (_input, { generation }, { exportId }) => ({
    removed: await removeReplaced(exportId, generation as number),
  });
}
