/** Canvases of any shape, ended in any order, against a reference that says in a few lines of recursion what must come out. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { arbitraryCanvas, dice } from '../../../../test/support/arbitrary-canvas.js';
import { CanvasRun, END } from '../../../../test/support/canvas-run.js';
import type { JsonValue } from '../export-result.js';
import type { NodeState } from './canvas.js';
import { partsOf } from './place.js';
import type { Signature } from './signature.js';

const short = (place: string) => place.slice('onSuccess/'.length);
const byPlace = (a: { place: string }, b: { place: string }) => (a.place < b.place ? -1 : 1);

type Fails = (place: string) => boolean;
interface Expected {
  state: NodeState;
  input?: JsonValue;
}
type End = { result: JsonValue } | { fault: JsonValue };

/** What every node comes to, where it is known beforehand which tasks fail. */
function reference(list: readonly Signature[], fails: Fails): Map<string, Expected> {
  const all = new Map<string, Expected>();

  const skip = (one: Signature, place: string): void => {
    all.set(place, { state: 'skipped' });
    for (const part of partsOf(one)) skip(part.signature, `${place}/${part.segment}`);
  };

  const run = (one: Signature, place: string, input: JsonValue): End => {
    const end = comesTo(one, place, input);
    const failed = 'fault' in end;
    all.set(place, { state: failed ? 'failed' : 'done', input });
    for (const { role, segment, signature } of partsOf(one)) {
      if (role !== 'onSuccess' && role !== 'onFailure') continue;
      if ((role === 'onFailure') === failed) run(signature, `${place}/${segment}`, failed ? end.fault : end.result);
      else skip(signature, `${place}/${segment}`);
    }
    return end;
  };

  const comesTo = (one: Signature, place: string, input: JsonValue): End => {
    if ('task' in one) return fails(place) ? { fault: `fault of ${place}` } : { result: `result of ${place}` };
    if ('chain' in one) {
      let end: End = { result: input };
      for (const [index, step] of one.chain.entries()) {
        if ('fault' in end) skip(step, `${place}/chain/${index}`);
        else end = run(step, `${place}/chain/${index}`, end.result);
      }
      return end;
    }
    const [key, members] = 'group' in one ? (['group', one.group] as const) : (['chord', one.chord] as const);
    const ends = members.map((member, index) => run(member, `${place}/${key}/${index}`, input));
    const failed = ends.find((end) => 'fault' in end);
    const results = ends.flatMap((end) => ('result' in end ? [end.result] : []));
    if ('group' in one) return failed ?? { result: results };
    if (!failed) return run(one.body, `${place}/body`, results);
    skip(one.body, `${place}/body`);
    return failed;
  };

  for (const [index, one] of list.entries()) run(one, String(index), END);
  return all;
}

/** Ends one task after another, drawn at random, until none is on its way. */
function finish(run: CanvasRun, roll: (n: number) => number, fails: Fails): void {
  for (let pending = run.pending; pending.length > 0; pending = run.pending) {
    const place = pending[roll(pending.length)] as string;
    run.end(place, fails(place) ? 'failed' : 'done');
  }
}

/** Fails about a third of all places, always the same ones. */
const failing = fc.func(fc.nat(2)).map(
  (of): Fails =>
    (place) =>
      of(place) === 0,
);

it('any canvas, its tasks ended in any order, comes to what the reference says, each task called at most once', () => {
  fc.assert(
    fc.property(arbitraryCanvas, dice, failing, (list, roll, fails) => {
      const run = new CanvasRun(list);
      finish(run, roll, fails);
      const came = run.rows.map(({ place, state, input, starts }) => ({ place: short(place), state, input, starts }));
      const expected = [...reference(list, fails)].map(([place, { state, input }]) => ({
        place,
        state,
        input,
        starts: state === 'skipped' ? 0 : 1,
      }));
      expect(came.sort(byPlace)).toEqual(expected.sort(byPlace));
    }),
    { numRuns: 150 },
  );
});

it('a task replayed to success leaves all that had not run as if it had succeeded at first', () => {
  fc.assert(
    fc.property(arbitraryCanvas, dice, failing, (list, roll, fails) => {
      const run = new CanvasRun(list);
      finish(run, roll, fails);
      const failed = run.rows.filter(({ kind, state }) => kind === 'task' && state === 'failed');
      fc.pre(failed.length > 0);
      const chosen = failed[roll(failed.length)]?.place.slice('onSuccess/'.length) as string;
      const before = new Map(run.rows.map((row) => [row.place, structuredClone(row)]));

      const failsAfterwards: Fails = (place) => place !== chosen && fails(place);
      run.replay(chosen);
      finish(run, roll, failsAfterwards);

      const expected = reference(list, failsAfterwards);
      const came = run.rows.map(({ place, state, input, starts, kind }) => ({
        place,
        state,
        ...(kind === 'task' || before.get(place)?.state === 'skipped' ? { input, starts } : {}),
      }));
      const should = run.rows.map(({ place, kind }) => {
        const { state, input } = expected.get(short(place)) as Expected;
        const first = before.get(place) as (typeof run.rows)[number];
        if (first.state === 'skipped') return { place, state, input, starts: state === 'skipped' ? 0 : 1 };
        // What the failure had called (an onFailure) stays as it was; all else is as the reference has it.
        const stays = state === 'skipped' ? first.state : state;
        return { place, state: stays, ...(kind === 'task' ? { input: first.input, starts: 1 } : {}) };
      });
      expect(came).toEqual(should);
    }),
    { numRuns: 150 },
  );
});

it('replays in the midst of a run leave nothing waiting, and nothing called twice', () => {
  fc.assert(
    fc.property(arbitraryCanvas, dice, failing, (list, roll, fails) => {
      const run = new CanvasRun(list);
      const mended = new Set<string>();
      const failsNow: Fails = (place) => !mended.has(place) && fails(place);
      for (;;) {
        const failed = run.rows.filter(({ kind, state }) => kind === 'task' && state === 'failed');
        const { pending } = run;
        if (pending.length === 0 && failed.length === 0) break;
        if (pending.length > 0 && (failed.length === 0 || roll(3) > 0)) {
          const place = pending[roll(pending.length)] as string;
          run.end(place, failsNow(place) ? 'failed' : 'done');
        } else {
          const place = failed[roll(failed.length)]?.place.slice('onSuccess/'.length) as string;
          // Half of the replays fail again.
          if (roll(2) === 0 || pending.length === 0) mended.add(place);
          run.replay(place);
        }
      }
      // All has been mended, so all that does not follow a failure is done; what does is done too, or was not called.
      const expected = reference(list, () => false);
      const wrong = run.rows.filter((row) => {
        const done = expected.get(short(row.place))?.state === 'done';
        if (done ? row.state !== 'done' : !['done', 'skipped'].includes(row.state)) return true;
        return row.kind === 'task' && row.starts !== (row.state === 'done' ? 1 : 0);
      });
      expect(wrong).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
