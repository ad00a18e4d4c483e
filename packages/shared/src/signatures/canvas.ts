/**
 * The canvas of an export's follow-ups as a graph of nodes, and what one node's end means for the others. Pure: what is
 * to change comes out, and who asks writes it down in one transaction.
 */
import type { FollowUpFault, FollowUpInput, JsonValue } from '../export-result.js';

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
}

/** Where a value comes from; resolved by whoever holds the rows. */
export type Source =
  | { from: 'input'; of: string }
  | { from: 'result'; of: string }
  | { from: 'results'; of: string[] }
  | { from: 'fault'; of: string };

/** One node's change. `input` goes with its start, `result` or `fault` with the end of a join. */
export interface Transition {
  id: string;
  state: NodeState;
  input?: Source | undefined;
  result?: Source | undefined;
  fault?: Source | undefined;
}

export type { FollowUpFault, FollowUpInput, JsonValue };
