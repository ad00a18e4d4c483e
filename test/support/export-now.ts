/** How an export stands, as a test wants it to. */
import type { ExportNow } from '../../apps/producer/src/actions/look-at-exports.js';

/** When {@link exportNow} is looked at. */
export const LOOKED_AT = new Date('2026-03-01T12:00:00Z');

/** One that is being read for a minute, `changes` made to it. */
export function exportNow(changes: Partial<ExportNow> = {}): ExportNow {
  return {
    id: '5f0c6d1e-0000-4000-8000-000000000000',
    generation: 1,
    state: 'running',
    phase: 'reading',
    rows: 0,
    rowsExpected: null,
    jobsDone: 0,
    jobs: 1,
    error: null,
    cancelling: false,
    requestedAt: new Date(LOOKED_AT.getTime() - 65_000),
    startedAt: new Date(LOOKED_AT.getTime() - 60_000),
    deadlineAt: new Date(LOOKED_AT.getTime() + 3_600_000),
    waitsForTurn: false,
    enteredAt: new Date(LOOKED_AT.getTime() - 64_000),
    steps: [],
    speed: null,
    written: null,
    followUps: { open: 0, ended: 0 },
    at: LOOKED_AT,
    placeInQueue: null,
    waitsFor: null,
    queueAway: false,
    ...changes,
  };
}
