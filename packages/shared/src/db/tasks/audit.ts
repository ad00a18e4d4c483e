/**
 * What is kept of who did what: for each kind of task a note, written by a hook in the transaction that did the deed. What is
 * rolled back leaves none, and so a refusal leaves none: a veto takes its own traces along.
 */
import type { FileOwner } from '../../files/owner.js';
import type { FileTasks } from '../../files/transfer.js';
import type { Hooks, TakeOff } from '../../tasks/hooks.js';
import type { TaskName } from '../../tasks/task.js';
import { type AuditNote, noteDeeds } from '../services/audit-log.js';
import type { RemovedBundle } from '../services/files.js';
import type { BundleTasks } from './bundle-tasks.js';
import type { ExportTasks } from './export-tasks.js';
import type { FollowUpTasks } from './follow-up-tasks.js';
import type { PinTasks } from './pin-tasks.js';

/** Attaches a note to a kind of task. */
export type Audited = (hooks: Hooks) => TakeOff;

/**
 * A kind of task of which a note is kept.
 * @param note what to keep of one; undefined, or none, where nothing was done
 */
export function audited<Input, Result>(
  name: TaskName<Input, Result>,
  note: (result: Result, input: Input) => AuditNote | readonly AuditNote[] | undefined,
): Audited {
  return (hooks) =>
    hooks.after(name, async (result, { input, actor, trx }) => {
      const notes = note(result, input) ?? [];
      await noteDeeds(trx, { actor, task: name.text }, Array.isArray(notes) ? notes : [notes]);
    });
}

/** Whose names are told, of what both apps do. */
interface Managers {
  exports: ExportTasks;
  followUps: FollowUpTasks;
  bundles: BundleTasks;
  files: FileTasks;
  pins: PinTasks;
}

/** What of a decision is kept. */
interface Decided {
  row: { id: string; generation: number };
  decision: { outcome: string };
  file?: { id: string } | undefined;
}

/** All that is kept of what both apps do. A refusal leaves nothing: see above. */
export function auditedTasks({ exports, followUps, bundles, files, pins }: Managers): Audited[] {
  return [
    audited(exports.record.taskName, ({ kind, exportId }, { row }) => ({
      ...ofExport(exportId),
      ...(kind === 'created' && { generation: 1 }),
      details: { did: kind, project: `${row.organization}/${row.project}`, formats: row.options.formats },
    })),
    audited(exports.renew.taskName, ({ kind, exportId }, { renews }) => ({
      ...ofExport(exportId),
      ...(kind === 'created' && { generation: 1 }),
      details: { did: kind, renews },
    })),
    audited(exports.cancel.taskName, (raised, { id, reason }) =>
      raised ? { ...ofExport(id), details: { reason: reason.code } } : undefined,
    ),
    audited(exports.stop.taskName, (raised, { id, generation, reason }) =>
      raised ? { ...ofExport(id, generation), details: { reason: reason.code } } : undefined,
    ),
    audited(exports.retry.taskName, (_, { id, generation }) => ofExport(id, generation + 1)),
    audited(exports.startNext.taskName, ({ exportId, started }, { node, prepared }) =>
      started
        ? {
            ...ofExport(exportId, 1),
            details: {
              project: `${prepared.organization}/${prepared.project}`,
              followUp: node.id,
              after: node.exportId,
            },
          }
        : undefined,
    ),
    audited(exports.enterAgain.taskName, (done, { id, generation }) => (done ? ofExport(id, generation) : undefined)),
    audited(followUps.replay.taskName, ({ id, exportId, generation, task, place }) => ({
      subject: { kind: 'follow-up', id },
      exportId,
      generation,
      details: { task, place },
    })),
    audited(bundles.noteRemoved.taskName, ofRemoved),
    audited(bundles.takeOver.taskName, ofRemoved),
    audited(pins.pin.taskName, (_, { id, until }) => ({
      ...ofExport(id),
      details: { until: until?.toISOString() ?? null },
    })),
    audited(pins.unpin.taskName, (unpinned, { id }) => (unpinned ? ofExport(id) : undefined)),
    audited(pins.expire.taskName, (expired, { id }) => (expired ? ofExport(id) : undefined)),
    audited(files.transferOwnership.taskName, (transferred, { giver, to, pin, force }) =>
      transferred
        .filter(({ end }) => end === 'moved')
        .map(({ id }) => ({
          subject: { kind: 'file', id },
          details: { from: ownerText(giver), to: ownerText(to), pinned: pin, ...(force && { forced: true }) },
        })),
    ),
  ];
}

/** All that is kept of what workers alone do. */
export function auditedDecision(decide: TaskName<Decided, boolean>): Audited {
  return audited(decide, (won, { row, decision, file }) =>
    won
      ? {
          ...ofExport(row.id, row.generation),
          details: { outcome: decision.outcome, ...(file && { file: file.id }) },
        }
      : undefined,
  );
}

/** What a note about an export has in common with the others. */
export function ofExport(id: string, generation?: number): AuditNote {
  return { subject: { kind: 'export', id }, exportId: id, generation };
}

/** Notes about bundles that nobody can reach any more. */
const ofRemoved = (removed: readonly RemovedBundle[], { why }: { why: string }): AuditNote[] =>
  removed.map(({ id, exportId, generation }) => ({
    subject: { kind: 'file', id },
    exportId,
    generation,
    details: { why },
  }));

const ownerText = ({ kind, id }: FileOwner) => `${kind} ${id}`;
