/**
 * Signatures: serialized calls of named tasks, and how they are composed. Plain data, so that any language can write them:
 *
 *     {"task": "msg.email", "args": {"to": "ana@example.org"}}
 *     {"chain": [{"task": "webhook.post", "args": {…}}, {"task": "gis.index"}], "onFailure": [{"task": "msg.email"}]}
 *     {"group": […]}   {"chord": […], "body": {…}}
 */
import type { JsonValue } from '../export-result.js';

/** The version of this format; a signature may name it, and none other is taken. */
export const SIGNATURE_VERSION = 1;

/** Most that one request may hold, its nested exports' signatures included. */
export const SIGNATURE_LIMITS = {
  /** Signatures of every kind. */
  count: 250,
  /** Signatures inside one another, lists of callbacks and the requests of next exports included. */
  depth: 12,
  /** Bytes of all of them as JSON. */
  bytes: 256 * 1024,
  /** Lists and objects of JSON inside one another, arguments included. */
  levels: 100,
} as const;

/** Name of the task that starts the next export; the request in its arguments holds signatures of its own. */
export const NEXT_EXPORT_TASK = 'export.project';

/** Most bytes of JSON that a task may leave as its result. */
export const RESULT_BYTES = 32 * 1024;

/** Most bytes of JSON that the results of a group's or chord's members may have together: all that follows gets a copy. */
export const LIST_BYTES = 256 * 1024;

export interface SignatureOptions {
  /** How often to try. */
  attempts?: number | undefined;
  /** First pause between tries, in milliseconds; doubles, with jitter. */
  backoff?: number | undefined;
  /** Pause before the first try, in milliseconds. */
  delay?: number | undefined;
  /** Milliseconds that one try may take; for a task of another service, from its entry into the queue to its end. */
  timeout?: number | undefined;
  /** 1 comes first; without it a task goes before all that have one. */
  priority?: number | undefined;
}

interface Callbacks {
  version?: typeof SIGNATURE_VERSION | undefined;
  /** Called in this order with the result, once it is there. */
  onSuccess: Signature[];
  /** Called in this order with the reason, if it fails for good. */
  onFailure: Signature[];
}

/** One call. */
export interface TaskSignature extends Callbacks {
  task: string;
  args: Record<string, JsonValue>;
  options: SignatureOptions;
  /** Gets no result and no reason from what comes before it. */
  immutable: boolean;
  /** HMAC over task, args, options, immutability, place and export; see mac.ts. Put there by the producer. */
  mac?: string | undefined;
  /**
   * Another service owns the task's queue. Put there by the producer, which took the call for that: processes that are told
   * of the queue later, or not any more, treat it as what it was taken for. Not part of the code.
   */
  routed?: boolean | undefined;
}

/** One after the other; each gets the result of the one before. Its result is the last one's. */
export interface ChainSignature extends Callbacks {
  chain: Signature[];
}

/** All at once, with the same input. Its result is the list of theirs, in this order, once all are done. */
export interface GroupSignature extends Callbacks {
  group: Signature[];
}

/** A group, and a body that is called once with the list of its results. Its result is the body's. */
export interface ChordSignature extends Callbacks {
  chord: Signature[];
  body: Signature;
}

/** What to do after an export: a call, or calls composed. As parsed: what was left out has its default. */
export type Signature = TaskSignature | ChainSignature | GroupSignature | ChordSignature;

/**
 * Sealed tokens of the exports that a canvas is to start, by the place of the `export.project` that starts each. They are
 * kept apart from arguments, which go to queues.
 */
export interface SealedTokens {
  [place: string]: { token: string; next: SealedTokens };
}
