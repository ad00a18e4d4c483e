/** What the database makes of canvases of any shape: the same as the rules in memory, also when many tasks end at once. */

import { OutboxService } from '@parcelpost/shared/db/services/outbox.js';
import type { FollowUpInput, JsonValue } from '@parcelpost/shared/export-result.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arbitraryCanvas, dice } from '../support/arbitrary-canvas.js';
import { releaseCanvas } from '../support/canvas.js';
import { CanvasRun, END } from '../support/canvas-run.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testWrites } from '../support/writes.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const short = (place: string) => place.slice('onSuccess/'.length);

/** An input as the run in memory has it. */
function asInMemory(input: FollowUpInput | null): JsonValue | undefined {
  if (input === null) return undefined;
  if (input.kind === 'value') return input.value;
  if (input.kind === 'fault') return `fault of ${short(input.fault.place)}`;
  return END;
}

test('rows hold what the rules say, whichever tasks end at the same time, fail, or are replayed', async () => {
  const followUps = testWrites(database.db);
  const outbox = new OutboxService(database.db);
  await fc.assert(
    fc.asyncProperty(arbitraryCanvas, dice, async (list, roll) => {
      const run = new CanvasRun(list);
      const { exportId, id } = await releaseCanvas(database.db, list);
      const replays = new Map<string, number>();
      const key = (place: string) => ({ id: id(`onSuccess/${place}`), replay: replays.get(place) ?? 0 });
      const failing = () =>
        run.rows.filter(({ kind, state }) => kind === 'task' && state === 'failed').map(({ place }) => short(place));
      for (let left = 3; ; ) {
        const { pending } = run;
        const failed = failing();
        if (failed.length > 0 && left > 0 && roll(3) === 0) {
          left -= 1;
          const place = failed[roll(failed.length)] as string;
          run.replay(place);
          await followUps.replay(key(place).id);
          replays.set(place, (replays.get(place) ?? 0) + 1);
          continue;
        }
        if (pending.length === 0) break;
        // Some of those that are on their way end at the same moment.
        const ends = pending.slice(0, 1 + roll(pending.length)).map((place) => ({ place, good: roll(4) > 0 }));
        for (const { place, good } of ends) run.end(place, good ? 'done' : 'failed');
        const settled = await Promise.all(
          ends.map(({ place, good }) =>
            followUps.settle(
              key(place),
              good ? { result: `result of ${place}` } : { error: { code: 'test', message: place } },
            ),
          ),
        );
        expect(settled.map((one) => one.settled)).toEqual(ends.map(() => true));
      }
      const rows = await outbox.followUps(exportId);
      const inputs = new Map(
        (await database.db('outbox').where({ export_id: exportId }).select('place', 'input')).map((row) => [
          row.place,
          row.input,
        ]),
      );
      const came = rows.map(({ place, state, result, error }) => ({
        place,
        state,
        input: asInMemory(inputs.get(place)),
        result: state === 'done' ? result : undefined,
        fault: state === 'failed' ? `fault of ${short(error?.place ?? '')}` : undefined,
      }));
      expect(came).toEqual(
        run.rows.map(({ place, state, input, result, fault }) => ({ place, state, input, result, fault })),
      );
    }),
    { numRuns: 40 },
  );
});
