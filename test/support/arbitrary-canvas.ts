/** Canvases of any shape, and dice, for tests that hold for all of them. */

import type { Signature } from '@parcelpost/shared/signatures/signature.js';
import fc from 'fast-check';
import { chain, chord, group, task } from './canvas-run.js';

const { signature } = fc.letrec<{ signature: Signature }>((tie) => {
  const some = (most: number, least = 0) =>
    fc.array(tie('signature'), { minLength: least, maxLength: most, depthIdentifier: 'canvas' });
  const then = fc.record({ onSuccess: some(2), onFailure: some(2) });
  return {
    signature: fc.oneof(
      { depthSize: 'small', depthIdentifier: 'canvas', withCrossShrink: true },
      fc.constant(task('x')),
      then.map((callbacks) => task('x', callbacks)),
      fc.tuple(some(4, 1), then).map(([steps, callbacks]) => chain(steps, callbacks)),
      fc.tuple(some(4, 1), then).map(([members, callbacks]) => group(members, callbacks)),
      fc.tuple(some(4, 1), tie('signature'), then).map(([members, body, callbacks]) => chord(members, body, callbacks)),
    ),
  };
});

/** The list of a hook. */
export const arbitraryCanvas = fc.array(signature, { minLength: 1, maxLength: 4 });

/** Draws numbers below `n` from a list that shrinks; after it, always 0. */
export const dice = fc.array(fc.nat(), { maxLength: 400 }).map((numbers) => {
  let at = 0;
  return (n: number) => (numbers[at++] ?? 0) % n;
});
