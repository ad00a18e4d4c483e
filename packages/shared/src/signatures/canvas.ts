/**
 * The canvas of an export's follow-ups as a graph of nodes, and what one node's end means for the others. Pure: what is
 * to change comes out, and who asks writes it down in one transaction.
 */
import { Canvas } from './graph.js';

export type NodeKind = 'task' | 'chain' | 'group' | 'chord';
/** `waiting`: not its turn yet. `pending`, `entered`: a task on its way. `skipped`: its turn will not come. */
export type NodeState = 'waiting' | 'pending' | 'entered' | 'active' | 'done' | 'failed' | 'skipped';
/** What a node is to its parent; `root` has none. */
export type NodeRole = 'root' | 'step' | 'member' | 'body' | 'onSuccess' | 'onFailure';

/** What of a node decides what its neighbours do. */
export interface CanvasNode {
  id: string;
  parentId: string | null;
  role: NodeRole;
  /** Place among its siblings of the same role, from 0. */
  position: number;
  kind: NodeKind;
  state: NodeState;
  /** Of a node that is done: bytes of its result as JSON. */
  bytes?: number | null | undefined;
}

/**
 * Where a value comes from; resolved by whoever holds the rows. The result or fault of a join that ends in the same list
 * of transitions stands before all that refer to it.
 */
export type Source =
  | { from: 'input'; of: string }
  | { from: 'result'; of: string }
  | { from: 'results'; of: string[] }
  | { from: 'fault'; of: string }
  /** What is wrong with a join whose members' results are `bytes` together. */
  | { from: 'oversize'; of: string; bytes: number };

/**
 * One node's change. `input` goes with its start, `result` or `fault` with the end of a join. A node that goes back (to
 * `waiting`, `active` or `pending` without an input) keeps its input and loses result, fault and the time of its end.
 */
export interface Transition {
  id: string;
  state: NodeState;
  input?: Source | undefined;
  result?: Source | undefined;
  fault?: Source | undefined;
}

/**
 * The start of a hook: all its roots, those of chains, groups and chords with what is called first below them.
 * @param nodes all nodes of the hook, `waiting`
 */
export function begin(nodes: readonly CanvasNode[]): Transition[] {
  const canvas = new Canvas(nodes);
  for (const root of canvas.roots()) canvas.start(root, { from: 'input', of: root.id });
  return canvas.transitions;
}

/**
 * What follows from the end of a task: its callbacks, then the next step, or the end of what it is part of, and so on
 * upwards. What is to be called stands in the order in which it is called; the task's own end is not among it.
 * An immutable call has its `input` named like any other; who writes it down gives it none.
 *
 * - A chain hands each result to the next step, and fails with its first failed step: the rest is skipped.
 * - A group or chord ends when all its members have, and fails with the fault of the first failed one by position; or with
 *   one of its own where their results are more together than is handed on (`LIST_BYTES`).
 * - A chord's body is called once with the list of results, or skipped.
 * - onSuccess is called with a node's result, onFailure with its fault; the other list is skipped. How callbacks end
 *   changes nothing above them.
 *
 * Takes time linear in the number of nodes.
 * @param nodes the canvas as it is, all nodes of the hook or of the export
 * @param id of the task that has ended, whatever state `nodes` has of it
 * @throws {Error} if there is no such task among them
 */
export function advance(nodes: readonly CanvasNode[], id: string, end: 'done' | 'failed'): Transition[] {
  const canvas = new Canvas(nodes);
  const task = taskOf(canvas, id);
  canvas.setEnded(task, end);
  canvas.followEnd(task);
  return canvas.transitions;
}

/**
 * Has a failed task called again, with the input that it had: it becomes `pending`, what has failed above it `active`
 * again, and what was skipped for that `waiting`. Callbacks that were called stay as they are and are not called again.
 * Whatever the task then comes to, {@link advance} goes on from there as if it were its first end.
 *
 * What was skipped may have its turn after all: whoever forgets what a skipped node needs (a sealed token) takes that away.
 * @param id of the task; it has failed
 * @throws {Error} if there is no such task among them
 */
export function reopen(nodes: readonly CanvasNode[], id: string): Transition[] {
  const canvas = new Canvas(nodes);
  canvas.reopen(taskOf(canvas, id));
  return canvas.transitions;
}

function taskOf(canvas: Canvas, id: string): CanvasNode {
  const task = canvas.get(id);
  if (task?.kind !== 'task') throw new Error(`no task ${id} in this canvas`);
  return task;
}
