/** What the sources of a canvas' changes come to, once the rows that they refer to have been read. Pure. */
import type { FollowUpFault, FollowUpInput, JsonValue } from '../../export-result.js';
import type { Source, Transition } from '../../signatures/canvas.js';
import { LIST_BYTES } from '../../signatures/signature.js';

/** What a row holds of what others may refer to; null where it was not asked for. */
export interface StoredValues {
  id: string;
  place: string;
  task: string;
  input: FollowUpInput | null;
  result: JsonValue;
  error: FollowUpFault | null;
}

/** A source of rows that hold their value already. */
type Base =
  | { from: 'input' | 'result' | 'fault'; of: string }
  | { from: 'results'; of: Base[] }
  | Extract<Source, { from: 'oversize' }>;

/** Ids of the rows whose input, result or error is needed, or that are to get a fault of their own. */
export interface Needed {
  input: string[];
  result: string[];
  fault: string[];
  oversize: string[];
}

/** One node's change; `input` and `value` say where in the list of values its input, its result or its fault is. */
export interface Change {
  id: string;
  state: Transition['state'];
  input: number | null;
  value: number | null;
}

/**
 * The values that a list of transitions gives to its nodes, each once however many nodes share it: a group of a hundred has
 * one input.
 */
export class CanvasValues {
  readonly #transitions: readonly Transition[];
  readonly #byId: ReadonlyMap<string, Transition>;

  constructor(transitions: readonly Transition[]) {
    this.#transitions = transitions;
    this.#byId = new Map(transitions.map((transition) => [transition.id, transition]));
  }

  /** Which rows have to be read for {@link resolve}. */
  needed(): Needed {
    const [input, result, fault, oversize] = Array.from({ length: 4 }, () => new Set<string>()) as Sets;
    const sets = { input, result, fault, oversize };
    const note = (base: Base) => {
      if (base.from !== 'results') sets[base.from].add(base.of);
      else for (const one of base.of) note(one);
    };
    for (const { input, result, fault } of this.#transitions) {
      for (const source of [input, result, fault]) if (source) note(this.#base(source));
    }
    return { input: [...input], result: [...result], fault: [...fault], oversize: [...oversize] };
  }

  /**
   * @param rows those that {@link needed} names
   * @param now when a fault comes about that is found here
   * @throws {Error} if one of them is not there
   */
  resolve(rows: readonly StoredValues[], now: Date): { changes: Change[]; values: JsonValue[] } {
    const stored = new Map(rows.map((row) => [row.id, row]));
    const values: JsonValue[] = [];
    const places = new Map<string, number>();
    const placeOf = (as: 'input' | 'value', source: Source | undefined) => {
      if (!source) return null;
      const base = this.#base(source);
      const key = `${as} ${JSON.stringify(base)}`;
      let place = places.get(key);
      if (place === undefined) {
        place = values.push((as === 'input' ? inputOf(base, stored, now) : rawOf(base, stored, now)) as JsonValue) - 1;
        places.set(key, place);
      }
      return place;
    };
    const changes = this.#transitions.map(({ id, state, input, result, fault }) => ({
      id,
      state,
      input: placeOf('input', input),
      value: placeOf('value', result ?? fault),
    }));
    return { changes, values };
  }

  /** Follows a source through joins that end in the same list, whose rows do not hold their value yet. */
  #base(source: Source): Base {
    if (source.from === 'oversize') return source;
    if (source.from === 'results') {
      return { from: 'results', of: source.of.map((of) => this.#base({ from: 'result', of })) };
    }
    const same = this.#byId.get(source.of)?.[source.from];
    // A root's input is its own.
    if (!same || (same.from === source.from && same.of === source.of)) return source;
    return this.#base(same);
  }
}

type Sets = [Set<string>, Set<string>, Set<string>, Set<string>];

function rawOf(base: Base, stored: ReadonlyMap<string, StoredValues>, now: Date): unknown {
  if (base.from === 'results') return base.of.map((one) => rawOf(one, stored, now));
  const row = stored.get(base.of);
  if (!row) throw new Error(`no follow-up ${base.of}, whose ${base.from} another one waits for`);
  if (base.from === 'oversize') return oversizeFault(row, base.bytes, now);
  return { input: row.input, result: row.result, fault: row.error }[base.from];
}

function inputOf(base: Base, stored: ReadonlyMap<string, StoredValues>, now: Date): unknown {
  const value = rawOf(base, stored, now);
  if (base.from === 'input') return value;
  const isFault = base.from === 'fault' || base.from === 'oversize';
  return isFault ? { kind: 'fault', fault: value } : { kind: 'value', value };
}

function oversizeFault({ id, place, task }: StoredValues, bytes: number, now: Date): FollowUpFault {
  return {
    code: 'result-too-large',
    message: `The results of the members are ${bytes} bytes as JSON; together at most ${LIST_BYTES} are handed on.`,
    step: task,
    shard: null,
    attempts: 0,
    followUpId: id,
    place,
    finishedAt: now.toISOString(),
  };
}
