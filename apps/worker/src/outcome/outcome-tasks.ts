/** What a decision is made of: tasks in one transaction, and the transfer of the bundle that one of them defers. */
import { announceDecision } from '@parcelpost/shared/db/decisions.js';
import { plantFollowUps } from '@parcelpost/shared/db/services/canvas-rows.js';
import type { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow, ExportService, NewDecision } from '@parcelpost/shared/db/services/exports.js';
import type { KeptFile } from '@parcelpost/shared/db/services/files.js';
import type { FinishedParts, NewPart } from '@parcelpost/shared/db/services/finished-parts.js';
import type { DeferredCall } from '@parcelpost/shared/db/tasks/outbox-keeper.js';
import { projectOwner, userOwner } from '@parcelpost/shared/files/owner.js';
import type { FileTasks } from '@parcelpost/shared/files/transfer.js';
import { REMOVE_REPLACED_TASK } from '@parcelpost/shared/signatures/registry.js';
import { defer } from '@parcelpost/shared/tasks/actions.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';
import { type Sequence, sequence } from '@parcelpost/shared/tasks/sequence.js';
import { defineTask, type TaskMaker } from '@parcelpost/shared/tasks/task.js';

/** What one decision writes. */
export interface DecisionInput {
  row: ExportRow;
  decision: NewDecision;
  /** The bundle that is decided on; undefined for a failure. */
  file: KeptFile | undefined;
  /** What is kept of it for others. */
  parts: readonly NewPart[];
}

type Place = Pick<ExportRow, 'id' | 'generation'>;
type Canvas = Parameters<typeof plantFollowUps>;
interface Release extends Place {
  nodes: Canvas[2];
  end: Canvas[3];
}

function removalOfReplaced({ id: exportId, generation }: ExportRow): DeferredCall {
  return { exportId, generation, task: REMOVE_REPLACED_TASK, args: { generation } };
}

/** Makes the tasks of a decision, and tells their names. */
export class OutcomeTasks {
  /**
   * Sets the outcome where there is none, and has the bundle pass from who asked to the project, for good, in the same
   * transaction. Its result is false where there was an outcome already, or the export is to stop, and nothing was done.
   */
  readonly decide: TaskMaker<DecisionInput, boolean>;
  readonly keepParts: TaskMaker<Place & { parts: readonly NewPart[] }, void>;
  readonly finishMerge: TaskMaker<Place & { bytes: number }, void>;
  /** Tells listeners, once it is committed. */
  readonly announce: TaskMaker<Place, void>;
  /** Plants the canvas that the outcome calls for. */
  readonly release: TaskMaker<Release, void>;

  constructor({
    exports,
    jobs,
    files,
    finished,
  }: {
    exports: ExportService;
    jobs: ExportJobService;
    files: FileTasks;
    finished: FinishedParts;
  }) {
    this.decide = defineTask<DecisionInput, boolean, ExportService>({
      name: 'exports.decide',
      service: exports,
      run: async ({ input: { row, decision, file }, service, actor, trx }) => {
        const won = await service.decide(trx, row.id, row.generation, decision);
        if (won && file) {
          await files.deferTransfer(trx, actor, {
            files: [{ id: file.id, pointer: '' }],
            giver: userOwner(row.requester.id),
            to: projectOwner(row),
            pin: true,
          });
          // What it replaces goes once nothing can bring that back.
          if (row.generation > 1) defer.afterCommit(removalOfReplaced(row));
        }
        return won;
      },
    });
    this.keepParts = defineTask<Place & { parts: readonly NewPart[] }, void, FinishedParts>({
      name: 'exports.keep-parts',
      service: finished,
      run: ({ input: { id, parts }, service, trx }) => service.keep(trx, id, parts),
    });
    this.finishMerge = defineTask<Place & { bytes: number }, void, ExportJobService>({
      name: 'exports.finish-merge',
      service: jobs,
      run: ({ input: { id, generation, bytes }, service, trx }) => service.finishMerge(trx, id, generation, bytes),
    });
    this.announce = defineTask<Place, void, ExportService>({
      name: 'exports.announce',
      service: exports,
      run: ({ input, trx }) => announceDecision(trx, input.id),
    });
    this.release = defineTask<Release, void, ExportService>({
      name: 'follow-ups.release',
      service: exports,
      run: ({ input: { id, generation, nodes, end }, trx }) =>
        plantFollowUps(trx, { exportId: id, generation }, nodes, end),
    });
  }

  /**
   * A decision as one sequence. Where it is not the one that counts, nothing of the rest is done.
   * @returns the sequence, and whether it was the one that counts, once that has run
   */
  decision(
    actor: Actor,
    input: DecisionInput,
    { nodes, end }: Pick<Release, 'nodes' | 'end'>,
  ): { tasks: Sequence<unknown>; won(): boolean } {
    const { id, generation } = input.row;
    const decide = this.decide(actor, input);
    const ifWon = {
      skip: false,
      getInput: (task: { skip: boolean }) => {
        task.skip = !decide.result;
        return {};
      },
    };
    return {
      tasks: sequence(
        decide,
        this.keepParts(actor, { id, generation, parts: input.parts }, ifWon),
        this.finishMerge(actor, { id, generation, bytes: input.file?.bytes ?? 0 }, ifWon),
        this.announce(actor, { id, generation }, ifWon),
        this.release(actor, { id, generation, nodes, end }, ifWon),
      ),
      won: () => decide.result,
    };
  }
}
