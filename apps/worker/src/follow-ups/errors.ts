/** What follow-up handlers throw. Every message may be shown to the asker: no secret, no address of an inner network. */

/** A follow-up did not get through this time; trying again may help. */
export class FollowUpError extends Error {
  override readonly name: string = 'FollowUpError';
  /** @param code short name of the kind of failure, such as `webhook-timeout` */
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Trying again cannot help: the address does not exist, the receiver said that it is gone. */
export class PermanentFollowUpError extends FollowUpError {
  override readonly name = 'PermanentFollowUpError';
}

const LONGEST_PAUSE_MS = 24 * 3_600_000;
/** A receiver that asks for no pause at all would be asked without end. */
const SHORTEST_PAUSE_MS = 1_000;

/** It is not its turn yet, which is nobody's fault: it is begun again later, and no try is spent. */
export class PostponedError extends FollowUpError {
  override readonly name = 'PostponedError';
  /**
   * @param pauseMs after which it is begun again
   * @param patienceMs after its turn came it fails of this if it is still postponed
   */
  constructor(
    code: string,
    message: string,
    readonly pauseMs: number,
    readonly patienceMs: number,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }

  /**
   * How long to wait now, in milliseconds: not for longer than there is patience.
   * @param since when its turn came
   * @returns undefined where it has been postponed for so long that nobody would want it any more
   */
  pauseFrom(since: Date | null, now = Date.now()): number | undefined {
    const left = (since?.getTime() ?? 0) + this.patienceMs - now;
    return left < 0 ? undefined : Math.min(this.pauseMs, left);
  }
}

/** A pause that a receiver asks for, in milliseconds, within what is granted: a second to 24 hours. */
export function pauseAsked(ms: number): number {
  return Math.min(Math.max(ms, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}

/** Pause of what another worker may be able to do that this one cannot: a newer version comes to one after the other. */
export const ROLLOUT_MS = 60_000;

/** The receiver named a time before which it does not want to be asked again. */
export class RetryAfterError extends FollowUpError {
  override readonly name = 'RetryAfterError';
  /** @param retryAfterMs pause before the next try, in milliseconds; a second to 24 hours */
  constructor(
    code: string,
    message: string,
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}
