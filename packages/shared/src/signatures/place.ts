/**
 * Where a signature stands in an export's canvas: `onSuccess/0`, `onSuccess/0/chain/1`, `onSuccess/2/group/0`,
 * `onSuccess/1/chord/0`, `onSuccess/1/body`, `onSuccess/0/chain/1/onFailure/0`. A place is what ids and codes are made of.
 */
import { createHash } from 'node:crypto';
import type { Signature, TaskSignature } from './signature.js';

/** The list of a request that a canvas stands in. */
export type CanvasHook = 'onSuccess' | 'onFailure';
export const HOOKS: readonly CanvasHook[] = ['onSuccess', 'onFailure'];

/** What a signature is to the one that holds it. */
export type PartRole = 'step' | 'member' | 'body' | CanvasHook;

/** A signature that another one holds. */
export interface Part {
  role: PartRole;
  /** Place among the parts of the same role, from 0. */
  position: number;
  /** What its place has behind its holder's: `chain/1`, `body`, `onFailure/0`. */
  segment: string;
  signature: Signature;
}

/** The kinds of a signature: a call, or calls composed. */
export function kindOf(signature: Signature): 'task' | 'chain' | 'group' | 'chord' {
  if ('task' in signature) return 'task';
  if ('chain' in signature) return 'chain';
  return 'group' in signature ? 'group' : 'chord';
}

/** What a signature holds, in the order in which it is thought: steps or members, the body, onSuccess, onFailure. */
export function partsOf(signature: Signature): Part[] {
  const list = (role: PartRole, key: string, signatures: readonly Signature[]): Part[] =>
    signatures.map((one, position) => ({ role, position, segment: `${key}/${position}`, signature: one }));
  const parts: Part[] = [];
  if ('chain' in signature) parts.push(...list('step', 'chain', signature.chain));
  else if ('group' in signature) parts.push(...list('member', 'group', signature.group));
  else if ('chord' in signature) {
    parts.push(...list('member', 'chord', signature.chord));
    parts.push({ role: 'body', position: 0, segment: 'body', signature: signature.body });
  }
  parts.push(...list('onSuccess', 'onSuccess', signature.onSuccess));
  parts.push(...list('onFailure', 'onFailure', signature.onFailure));
  return parts;
}

/**
 * Every signature of a list with its place: depth first, holders before what they hold. What the request of a next export
 * asks for is that export's canvas and not walked.
 */
export function* walk(list: readonly Signature[], hook: CanvasHook): Generator<[place: string, signature: Signature]> {
  for (const [index, signature] of list.entries()) yield* walkOne(`${hook}/${index}`, signature);
}

function* walkOne(place: string, signature: Signature): Generator<[string, Signature]> {
  yield [place, signature];
  for (const part of partsOf(signature)) yield* walkOne(`${place}/${part.segment}`, part.signature);
}

/** The same list with every call in it changed by `change`; what holds them stays as it is. */
export function mapTasks(
  list: readonly Signature[],
  hook: CanvasHook,
  change: (task: TaskSignature, place: string) => TaskSignature,
): Signature[] {
  const all = (signatures: readonly Signature[], place: string): Signature[] =>
    signatures.map((one, index) => mapOne(one, `${place}/${index}`));
  const mapOne = (signature: Signature, place: string): Signature => {
    const callbacks = {
      onSuccess: all(signature.onSuccess, `${place}/onSuccess`),
      onFailure: all(signature.onFailure, `${place}/onFailure`),
    };
    if ('task' in signature) return { ...change(signature, place), ...callbacks };
    if ('chain' in signature) return { ...signature, ...callbacks, chain: all(signature.chain, `${place}/chain`) };
    if ('group' in signature) return { ...signature, ...callbacks, group: all(signature.group, `${place}/group`) };
    const body = mapOne(signature.body, `${place}/body`);
    return { ...signature, ...callbacks, chord: all(signature.chord, `${place}/chord`), body };
  };
  return all(list, hook);
}

/**
 * The id of a place in the outbox: the same whenever, and by whomever, it is filled (a UUID of version 8, RFC 9562).
 * @param place of a signature, or `enter` for the export's own entry
 */
export function outboxId({
  exportId,
  generation,
  place,
}: {
  exportId: string;
  generation: number;
  place: string;
}): string {
  const bytes = createHash('sha256').update(`${exportId}/${generation}/${place}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** What comes first of the parts of one holder. */
const SEGMENTS = ['chain', 'group', 'chord', 'body', 'onSuccess', 'onFailure'];

/** The order in which {@link walk} meets two places of one export: negative where the first comes first. */
export function comparePlaces(a: string, b: string): number {
  const [first, second] = [a.split('/'), b.split('/')];
  for (let index = 0; index < Math.min(first.length, second.length); index++) {
    const [one, other] = [first[index] as string, second[index] as string];
    if (one === other) continue;
    const rank = SEGMENTS.indexOf(one) - SEGMENTS.indexOf(other);
    return rank === 0 ? Number(one) - Number(other) : rank;
  }
  return first.length - second.length;
}
