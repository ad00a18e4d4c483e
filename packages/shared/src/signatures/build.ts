/**
 * Builders of signatures for those who write TypeScript. Each step gives a new value; what comes out is plain data, the same
 * that any language can write by hand:
 *
 *     chord(
 *       [signature('gis.index'), signature('gis.tiles', { zoom: 12 }, { attempts: 5 })],
 *       signature('webhook.post', { url: 'https://example.org/ready' }).immutable(),
 *     ).onFailure(signature('msg.email'))
 */
import type { JsonValue } from '../export-result.js';
import type { SIGNATURE_VERSION, SignatureOptions } from './signature.js';

interface Linked {
  version?: typeof SIGNATURE_VERSION | undefined;
  onSuccess?: SignatureInput[] | undefined;
  onFailure?: SignatureInput[] | undefined;
}

interface TaskInput extends Linked {
  task: string;
  args?: Record<string, JsonValue> | undefined;
  options?: SignatureOptions | undefined;
  immutable?: boolean | undefined;
}

/** A signature as it is written into a request: what is left out has its default. */
export type SignatureInput =
  | TaskInput
  | (Linked & { chain: SignatureInput[] })
  | (Linked & { group: SignatureInput[] })
  | (Linked & { chord: SignatureInput[]; body: SignatureInput });

/** What a builder takes: another builder, or a signature written by hand. */
export type Buildable = Builder | SignatureInput;

/** A signature to which callbacks can be linked. `JSON.stringify` and {@link toJSON} give it as data. */
export class Builder<Data extends SignatureInput = SignatureInput> {
  readonly #data: Data;

  /** @param data is copied, so that nobody can change it from outside */
  constructor(data: Data) {
    this.#data = structuredClone(data);
  }

  /** The same, which calls these too, in this order, once its result is there. */
  onSuccess(...list: Buildable[]): this {
    return this.with({ onSuccess: [...(this.#data.onSuccess ?? []), ...list.map(dataOf)] });
  }

  /** The same, which calls these too, in this order, if it fails for good. */
  onFailure(...list: Buildable[]): this {
    return this.with({ onFailure: [...(this.#data.onFailure ?? []), ...list.map(dataOf)] });
  }

  toJSON(): Data {
    return structuredClone(this.#data);
  }

  protected with(change: Partial<TaskInput>): this {
    const Same = this.constructor as new (data: Data) => this;
    return new Same({ ...this.#data, ...change });
  }
}

/** One call. */
export class CallBuilder extends Builder<TaskInput> {
  /** The same, which gets neither result nor reason from what comes before it. */
  immutable(): this {
    return this.with({ immutable: true });
  }
}

/** A call of a task. Arguments and options are those that docs/signatures.md lists. */
export function signature(task: string, args?: Record<string, JsonValue>, options?: SignatureOptions): CallBuilder {
  return new CallBuilder({ task, ...(args && { args }), ...(options && { options }) });
}

/** One after the other; each gets the result of the one before. */
export function chain(...steps: Buildable[]): Builder {
  return new Builder({ chain: steps.map(dataOf) });
}

/** All at once; the result is the list of theirs. */
export function group(...members: Buildable[]): Builder {
  return new Builder({ group: members.map(dataOf) });
}

/** All at once, and once all are done the body, with the list of their results. */
export function chord(members: Buildable[], body: Buildable): Builder {
  return new Builder({ chord: members.map(dataOf), body: dataOf(body) });
}

function dataOf(one: Buildable): SignatureInput {
  return one instanceof Builder ? one.toJSON() : one;
}
