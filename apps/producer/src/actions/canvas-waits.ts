/** How late the calls of a canvas may come: what the tokens of exports that they start have to outlive. */
import { pauseAfter } from '@parcelpost/shared/signatures/pauses.js';
import { type CanvasHook, kindOf, partsOf } from '@parcelpost/shared/signatures/place.js';
import type { Signature, TaskSignature } from '@parcelpost/shared/signatures/signature.js';

/** Milliseconds. */
export interface Wait {
  /**
   * That is asked for: delays, time limits, and the time that exports before it have, also to wait at a limit until they may
   * begin. It passes in any case, or may well.
   * A call without a time limit counts as one that takes no time.
   */
  planned: number;
  /** Of all tries that may go wrong before, at their longest. */
  retries: number;
}

/**
 * How often, and after what pause, a call is tried unless it says so itself; whether another service tries it; and for how
 * long it may be postponed when its turn has come, in milliseconds.
 */
export type TriesOf = (task: string) => { attempts: number; backoff: number; routed: boolean; patience: number };

/**
 * When the last try of each call of a list may begin at the latest, by place: after what is before it in its chain, its
 * group, or the call whose callback it is.
 * @param begin when the list itself is called
 */
export function waits(
  list: readonly Signature[],
  hook: CanvasHook,
  begin: Wait,
  triesOf: TriesOf,
): ReadonlyMap<string, Wait> {
  const found = new Map<string, Wait>();
  const visit = (signature: Signature, place: string, before: Wait): Wait => {
    const parts = partsOf(signature).map((part) => ({ ...part, place: `${place}/${part.segment}` }));
    const below = (role: string) => parts.filter((part) => part.role === role);
    const all = (role: string, from: Wait) =>
      below(role).reduce((latest, part) => later(latest, visit(part.signature, part.place, from)), from);
    let end: Wait;
    if ('task' in signature) {
      const { lastTry, ended } = timesOf(signature, before, triesOf);
      found.set(place, lastTry);
      end = ended;
    } else if (kindOf(signature) === 'chain') {
      end = below('step').reduce((from, part) => visit(part.signature, part.place, from), before);
    } else {
      end = all('body', all('member', before));
    }
    all('onSuccess', end);
    all('onFailure', end);
    return end;
  };
  for (const [index, signature] of list.entries()) visit(signature, `${hook}/${index}`, begin);
  return found;
}

function timesOf({ task, options }: TaskSignature, before: Wait, triesOf: TriesOf): { lastTry: Wait; ended: Wait } {
  const usual = triesOf(task);
  const { attempts = usual.attempts, backoff = usual.backoff, delay = 0, timeout } = options;
  const planned = before.planned + delay + usual.patience;
  if (usual.routed && timeout !== undefined) {
    // All its tries together have that time.
    const ended = { planned: planned + timeout, retries: before.retries };
    return { lastTry: ended, ended };
  }
  let { retries } = before;
  for (let attempt = 1; attempt < attempts; attempt++) retries += (timeout ?? 0) + pauseAfter(backoff, attempt, 1);
  return { lastTry: { planned, retries }, ended: { planned: planned + (timeout ?? 0), retries } };
}

const later = (a: Wait, b: Wait): Wait => ({
  planned: Math.max(a.planned, b.planned),
  retries: Math.max(a.retries, b.retries),
});
