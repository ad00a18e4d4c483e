/** A canvas in memory: its nodes by id and by parent, their states as they change, and the changes so far. */
import type { CanvasNode, NodeRole, NodeState, Source, Transition } from './canvas.js';
import { LIST_BYTES } from './signature.js';

type Children = Partial<Record<NodeRole, CanvasNode[]>>;

export class Canvas {
  /** What has changed, in order. */
  readonly transitions: Transition[] = [];
  readonly #nodes: ReadonlyMap<string, CanvasNode>;
  readonly #children = new Map<string | null, Children>();
  readonly #states: Map<string, NodeState>;
  /** Bytes of results, by node. */
  readonly #bytes: Map<string, number>;

  constructor(nodes: readonly CanvasNode[]) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#states = new Map(nodes.map(({ id, state }) => [id, state]));
    this.#bytes = new Map(nodes.map(({ id, bytes }) => [id, bytes ?? 0]));
    for (const node of nodes) {
      const children = this.#children.get(node.parentId) ?? {};
      const siblings = children[node.role] ?? [];
      // By position, whatever the order of the rows.
      siblings[node.position] = node;
      children[node.role] = siblings;
      this.#children.set(node.parentId, children);
    }
  }

  get(id: string): CanvasNode | undefined {
    return this.#nodes.get(id);
  }

  roots(): readonly CanvasNode[] {
    return this.#children.get(null)?.root ?? [];
  }

  /** Notes that a node has come to its end, without a transition: who asks has written it down. */
  setEnded(node: CanvasNode, state: 'done' | 'failed'): void {
    this.#states.set(node.id, state);
  }

  /** Starts a node, with what is called first below it. One that had its turn is left alone. */
  start(node: CanvasNode, input: Source): void {
    if (this.#state(node) !== 'waiting') return;
    this.#change({ id: node.id, state: node.kind === 'task' ? 'pending' : 'active', input });
    const first = node.kind === 'chain' ? this.#of(node, 'step').slice(0, 1) : this.#of(node, 'member');
    for (const child of first) this.start(child, input);
  }

  /** What follows from the end of a node: its callbacks, and what its parent does next. */
  followEnd(node: CanvasNode): void {
    const done = this.#state(node) === 'done';
    const source: Source = { from: done ? 'result' : 'fault', of: node.id };
    for (const callback of this.#of(node, done ? 'onSuccess' : 'onFailure')) this.start(callback, source);
    for (const callback of this.#of(node, done ? 'onFailure' : 'onSuccess')) this.#skip(callback);

    const parent = this.#parent(node);
    if (!parent) return;
    if (node.role === 'step') this.#stepEnded(parent, node);
    else if (node.role === 'member') this.#memberEnded(parent);
    else if (node.role === 'body') this.#end(parent, node);
  }

  /** Has a failed task called again, and takes back what its failure did. */
  reopen(task: CanvasNode): void {
    this.#change({ id: task.id, state: 'pending' });
    for (let node = task; ; ) {
      for (const callback of this.#of(node, 'onSuccess')) this.#restore(callback);
      const parent = node.role === 'onSuccess' || node.role === 'onFailure' ? undefined : this.#parent(node);
      // One that has not failed goes on as it is, and so does all above it.
      if (!parent || this.#state(parent) !== 'failed') return;
      this.#change({ id: parent.id, state: 'active' });
      if (node.role === 'step') {
        for (const step of this.#of(parent, 'step').slice(node.position + 1)) this.#restore(step);
      } else if (node.role === 'member') {
        for (const body of this.#of(parent, 'body')) this.#restore(body);
      }
      node = parent;
    }
  }

  #stepEnded(chain: CanvasNode, step: CanvasNode): void {
    const rest = this.#of(chain, 'step').slice(step.position + 1);
    const [next] = rest;
    if (next && this.#state(step) === 'done') {
      this.start(next, { from: 'result', of: step.id });
      return;
    }
    for (const later of rest) this.#skip(later);
    this.#end(chain, step);
  }

  #memberEnded(join: CanvasNode): void {
    const members = this.#of(join, 'member');
    if (members.some((member) => !['done', 'failed'].includes(this.#state(member)))) return;
    const failed = members.find((member) => this.#state(member) === 'failed');
    const [body] = this.#of(join, 'body');
    // As PostgreSQL writes the list: brackets, and between two results a comma and a space.
    const bytes = members.reduce((sum, { id }) => sum + 2 + (this.#bytes.get(id) ?? 0), 0);
    if (failed || bytes > LIST_BYTES) {
      if (body) this.#skip(body);
      if (failed) this.#end(join, failed);
      else this.#close({ id: join.id, state: 'failed', fault: { from: 'oversize', of: join.id, bytes } }, join);
      return;
    }
    const results: Source = { from: 'results', of: members.map(({ id }) => id) };
    if (body) {
      this.start(body, results);
    } else {
      this.#bytes.set(join.id, bytes);
      this.#close({ id: join.id, state: 'done', result: results }, join);
    }
  }

  /** Ends a join as the part of it that decides has ended. */
  #end(join: CanvasNode, as: CanvasNode): void {
    this.#bytes.set(join.id, this.#bytes.get(as.id) ?? 0);
    if (this.#state(as) === 'done')
      this.#close({ id: join.id, state: 'done', result: { from: 'result', of: as.id } }, join);
    else this.#close({ id: join.id, state: 'failed', fault: { from: 'fault', of: as.id } }, join);
  }

  #close(end: Transition, join: CanvasNode): void {
    this.#change(end);
    this.followEnd(join);
  }

  /** What waits, and all below it, will not have its turn. What had it is left alone. */
  #skip(node: CanvasNode): void {
    this.#turn(node, 'waiting', 'skipped');
  }

  /** What was skipped, and all below it, may have its turn after all. */
  #restore(node: CanvasNode): void {
    this.#turn(node, 'skipped', 'waiting');
  }

  #turn(node: CanvasNode, from: NodeState, to: NodeState): void {
    if (this.#state(node) !== from) return;
    this.#change({ id: node.id, state: to });
    for (const children of Object.values(this.#children.get(node.id) ?? {})) {
      for (const child of children) this.#turn(child, from, to);
    }
  }

  #change(transition: Transition): void {
    this.#states.set(transition.id, transition.state);
    this.transitions.push(transition);
  }

  #state(node: CanvasNode): NodeState {
    return this.#states.get(node.id) ?? node.state;
  }

  #of(node: CanvasNode, role: NodeRole): readonly CanvasNode[] {
    return this.#children.get(node.id)?.[role] ?? [];
  }

  #parent(node: CanvasNode): CanvasNode | undefined {
    return node.parentId === null ? undefined : this.#nodes.get(node.parentId);
  }
}
