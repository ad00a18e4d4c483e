/** Gathers the evidence of a round, judges it, and puts it into figures. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@parcelpost/shared/db/database.js';
import type { Asked } from './course.js';
import { type Evidence, type QueueRecord, type Received, readQueues, readRows } from './evidence.js';
import type { Fleet, Kills } from './fleet.js';
import { type Judged, type Judgement, judge } from './judge.js';
import { judgeOwners } from './owners.js';
import { judgeBundles, leftovers } from './stored.js';

export interface RoundEvidence {
  db: Database;
  asked: readonly Asked[];
  /** What the API answered and should not have. */
  errors: readonly string[];
  received: readonly Received[];
  storageDir: string;
  queueUrl: string;
  queuePrefix: string;
  /** How long to wait until storage is clear. */
  clearWithinMs: number;
  fleet: Pick<Fleet, 'kills' | 'deserted'>;
}

export interface Verdict {
  promises: Judged[];
  /** Exports by what they came to. */
  outcomes: Record<string, number>;
  releases: Judgement['releases'];
  chords: number;
  repeated: number;
  bundles: number;
  cancels: { asked: number; honoured: number; late: number };
  retries: number;
  followUps: number;
  kills: Kills;
  queue: QueueRecord;
}

export async function verify(round: RoundEvidence): Promise<Verdict> {
  const rows = await readRows(round.db);
  const evidence: Evidence = { ...rows, asked: round.asked, received: round.received };
  const judgement = judge(evidence);
  const { lying, owners } = await untilClear(round);
  const { opened, ...bundles } = await judgeBundles(round.storageDir, rows.exports, rows.bundles);
  const outcomes: Record<string, number> = {};
  for (const { outcome } of rows.exports) outcomes[outcome ?? 'open'] = (outcomes[outcome ?? 'open'] ?? 0) + 1;
  const cancels = round.asked.filter(({ cancel }) => cancel !== undefined);
  const byId = new Map(rows.exports.map((row) => [row.id, row]));
  return {
    promises: [
      ...judgement.promises,
      bundles,
      owners,
      { promise: 'storage holds bundles, parts kept for another try, and nothing else', broken: lying },
      { promise: 'the API answers as it should', broken: [...round.errors] },
      { promise: 'no worker ends that was not killed', broken: [...round.fleet.deserted] },
    ],
    outcomes,
    releases: judgement.releases,
    chords: judgement.chords,
    repeated: judgement.repeated,
    bundles: opened,
    cancels: {
      asked: cancels.length,
      honoured: cancels.filter(({ id, retried }) => retried || byId.get(id)?.outcome === 'cancelled').length,
      late: cancels.filter(({ cancel }) => cancel === 'late').length,
    },
    retries: round.asked.filter(({ retried }) => retried).length,
    followUps: rows.nodes.filter(({ kind }) => kind === 'task').length,
    kills: round.fleet.kills,
    queue: await readQueues(round.queueUrl, round.queuePrefix),
  };
}

/** Waits for what a killed worker left, in storage and of rows, to be cleared away. @returns what was not */
async function untilClear({
  db,
  storageDir,
  clearWithinMs,
}: RoundEvidence): Promise<{ lying: string[]; owners: Judged }> {
  const until = Date.now() + clearWithinMs;
  for (;;) {
    const { exports, bundles } = await readRows(db);
    const lying = await leftovers(storageDir, exports, bundles);
    const owners = judgeOwners(exports, bundles);
    const clear = lying.length === 0 && owners.broken.length === 0;
    if (clear || Date.now() > until) return { lying, owners };
    await delay(250);
  }
}
