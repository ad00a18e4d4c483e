/** A canvas run in memory: what the database does with rows, done with objects, and signatures to build canvases of. */
import type { JsonValue } from '@parcelpost/shared/export-result.js';
import {
  advance,
  begin,
  type NodeState,
  reopen,
  type Source,
  type Transition,
} from '@parcelpost/shared/signatures/canvas.js';
import { type PlantedNode, plant } from '@parcelpost/shared/signatures/plant.js';
import type { Signature } from '@parcelpost/shared/signatures/signature.js';

interface Callbacks {
  onSuccess?: Signature[];
  onFailure?: Signature[];
}
const callbacks = ({ onSuccess = [], onFailure = [] }: Callbacks) => ({ onSuccess, onFailure });

/** Signatures as a request's schema leaves them. A task's name stands in its arguments too. */
export const task = (name: string, then: Callbacks = {}): Signature => ({
  task: `a.${name}`,
  args: {},
  options: {},
  immutable: false,
  ...callbacks(then),
});
export const chain = (steps: Signature[], then: Callbacks = {}): Signature => ({ chain: steps, ...callbacks(then) });
export const group = (members: Signature[], then: Callbacks = {}): Signature => ({
  group: members,
  ...callbacks(then),
});
export const chord = (members: Signature[], body: Signature, then: Callbacks = {}): Signature => ({
  chord: members,
  body,
  ...callbacks(then),
});

const EXPORT_ID = 'f7a3c8de-0000-4000-8000-000000000000';
/** What the roots of a canvas are handed. */
export const END = 'the end of the export';

interface Row extends PlantedNode {
  input?: JsonValue;
  result?: JsonValue;
  fault?: JsonValue;
  /** How often it was started. */
  starts: number;
}

/** Rows of a canvas, of which tasks are ended one by one, by their place below the hook (`0/chain/1`). */
export class CanvasRun {
  readonly rows: Row[];
  /** Places of tasks in the order in which they were started. */
  readonly called: string[] = [];
  readonly #byId: Map<string, Row>;
  readonly #byPlace: Map<string, Row>;

  constructor(list: readonly Signature[]) {
    const nodes = plant(list, { exportId: EXPORT_ID, generation: 1, hook: 'onSuccess' });
    this.rows = nodes.map((node) => ({ ...node, starts: 0 }));
    this.#byId = new Map(this.rows.map((row) => [row.id, row]));
    this.#byPlace = new Map(this.rows.map((row) => [shortPlace(row), row]));
    this.#apply(begin(this.rows));
  }

  /** Ends a task that is on its way: `done` with its own place as the result, or `failed` with it as the fault. */
  end(place: string, state: 'done' | 'failed' = 'done'): Transition[] {
    const row = this.row(place);
    if (row.kind !== 'task' || row.state !== 'pending') throw new Error(`${place} is ${row.state}`);
    row.state = state;
    if (state === 'done') row.result = `result of ${place}`;
    else row.fault = `fault of ${place}`;
    const transitions = advance(this.rows, row.id, state);
    this.#apply(transitions);
    return transitions;
  }

  replay(place: string): Transition[] {
    const transitions = reopen(this.rows, this.row(place).id);
    this.#apply(transitions);
    return transitions;
  }

  row(place: string): Row {
    const row = this.#byPlace.get(place);
    if (!row) throw new Error(`there is no ${place}`);
    return row;
  }

  /** Tasks that are on their way, by place. */
  get pending(): string[] {
    return this.rows.filter(({ state }) => state === 'pending').map(shortPlace);
  }

  get states(): Record<string, NodeState> {
    return Object.fromEntries(this.rows.map((row) => [shortPlace(row), row.state]));
  }

  #apply(transitions: readonly Transition[]): void {
    const changed = new Set(transitions.map(({ id }) => id));
    if (changed.size !== transitions.length) throw new Error('a node is changed twice at once');
    for (const { id, state, input, result, fault } of transitions) {
      const row = this.#byId.get(id) as Row;
      if (input) {
        row.input = this.#resolve(input);
        row.starts += 1;
        if (row.kind === 'task') this.called.push(shortPlace(row));
      }
      if (state === 'active' || state === 'pending' || state === 'waiting') {
        delete row.result;
        delete row.fault;
      }
      row.state = state;
      if (result) row.result = this.#resolve(result);
      if (result) row.bytes = this.#bytesOf(result);
      if (fault) row.fault = this.#resolve(fault);
    }
  }

  /** As the database has them. */
  #bytesOf(source: Source): number {
    if (source.from !== 'results') return this.#byId.get(source.of)?.bytes ?? 0;
    return source.of.reduce((sum, of) => sum + 2 + this.#bytesOf({ from: 'result', of }), 0);
  }

  #resolve(source: Source): JsonValue {
    if (source.from === 'results') return source.of.map((id) => this.#resolve({ from: 'result', of: id }));
    const row = this.#byId.get(source.of) as Row;
    if (source.from === 'oversize') return `${shortPlace(row)} has ${source.bytes} bytes`;
    if (source.from === 'input') return END;
    const value = source.from === 'result' ? row.result : row.fault;
    if (value === undefined) throw new Error(`${row.place} has no ${source.from} yet`);
    return value;
  }
}

const shortPlace = (row: PlantedNode) => row.place.slice('onSuccess/'.length);
