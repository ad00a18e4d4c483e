/**
 * What a request's signatures may at most be, checked before any schema goes into them: by loops, not by recursion, so
 * that a body nested a hundred thousand deep is refused like any other.
 */
import { isObject } from '../is-object.js';
import { NEXT_EXPORT_TASK, SIGNATURE_LIMITS } from './signature.js';

/** Where a request is wrong, and why. */
export interface Complaint {
  path: (string | number)[];
  message: string;
}

/** Texts that cannot be stored are named one by one, but not without end. */
const MOST_COMPLAINTS = 20;

/** A value and the way to it. */
interface Place {
  value: unknown;
  key: string | number;
  holder: Place | undefined;
  depth: number;
}

/**
 * Complains of signatures that are too many, too deep inside one another, or too large, counting those in the requests of
 * next exports as well, and of what the database cannot hold (U+0000, half a surrogate pair, numbers past all measure).
 * Looks no further than to the first that is beyond a limit, so that what is much too large costs no more to refuse.
 * @param body of a request; its `onSuccess` and `onFailure` are looked at, whatever they are
 */
export function limitComplaints(body: unknown): Complaint[] {
  const lists = hooksOf(body, undefined, 0);
  const wrong = shapeComplaints(lists);
  if (wrong.length > 0) return wrong;
  wrong.push(...contentComplaints(lists));
  return wrong.length > 0 ? wrong : sizeComplaints(lists);
}

function shapeComplaints(lists: readonly Place[]): Complaint[] {
  let count = 0;
  const stack = [...lists].reverse().flatMap((list) => itemsOf(list, 1).reverse());
  for (let place = stack.pop(); place; place = stack.pop()) {
    count += 1;
    if (place.depth > SIGNATURE_LIMITS.depth) {
      const message = `signatures stand more than ${SIGNATURE_LIMITS.depth} deep inside one another`;
      return [{ path: pathOf(place), message }];
    }
    if (count > SIGNATURE_LIMITS.count) {
      const message = `the request holds more than ${SIGNATURE_LIMITS.count} signatures`;
      return [{ path: pathOf(place).slice(0, 1), message }];
    }
    for (const held of heldBy(place).reverse()) stack.push(held);
  }
  return [];
}

/** The signatures right inside what should be one, in the order in which they stand there. */
function heldBy(place: Place): Place[] {
  const { value, depth } = place;
  if (!isObject(value)) return [];
  const held: Place[] = [];
  for (const key of ['chain', 'group', 'chord', 'body', 'onSuccess', 'onFailure']) {
    if (!Object.hasOwn(value, key)) continue;
    const inner: Place = { value: value[key], key, holder: place, depth: depth + 1 };
    if (key === 'body') held.push(inner);
    else held.push(...itemsOf(inner, depth + 1));
  }
  if (value.task === NEXT_EXPORT_TASK && isObject(value.args) && isObject(value.args.request)) {
    const args: Place = { value: value.args, key: 'args', holder: place, depth };
    const request: Place = { value: value.args.request, key: 'request', holder: args, depth };
    held.push(...hooksOf(request.value, request, depth).flatMap((list) => itemsOf(list, depth + 1)));
  }
  return held;
}

function hooksOf(request: unknown, holder: Place | undefined, depth: number): Place[] {
  if (!isObject(request)) return [];
  return ['onSuccess', 'onFailure']
    .filter((key) => Object.hasOwn(request, key))
    .map((key) => ({ value: request[key], key, holder, depth }));
}

/** The items of a list; of one that is too long by itself, as many as show it. */
function itemsOf(list: Place, depth: number): Place[] {
  if (!Array.isArray(list.value)) return [];
  return list.value.slice(0, SIGNATURE_LIMITS.count + 1).map((value, key) => ({ value, key, holder: list, depth }));
}

function contentComplaints(lists: readonly Place[]): Complaint[] {
  const complaints: Complaint[] = [];
  // Each value is two bytes of JSON at the least, with what parts it from the next.
  let values = SIGNATURE_LIMITS.bytes / 2;
  const stack = [...lists].reverse();
  for (let place = stack.pop(); place && complaints.length < MOST_COMPLAINTS; place = stack.pop()) {
    const { value, depth } = place;
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= SIGNATURE_LIMITS.levels) {
      const message = `lists and objects stand more than ${SIGNATURE_LIMITS.levels} deep inside one another`;
      return [{ path: pathOf(place), message }];
    }
    const held: Place[] = [];
    for (const [key, inner] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
      values -= 1;
      if (values < 0) return [tooLarge(pathOf(place).slice(0, 1))];
      const message = (typeof key === 'string' ? keyComplaint(key) : undefined) ?? contentComplaint(inner);
      if (message && complaints.length < MOST_COMPLAINTS) complaints.push({ path: [...pathOf(place), key], message });
      if (typeof inner === 'object') held.push({ value: inner, key, holder: place, depth: depth + 1 });
    }
    for (const one of held.reverse()) stack.push(one);
  }
  return complaints;
}

function contentComplaint(value: unknown): string | undefined {
  if (typeof value === 'string') return textComplaint(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return 'is a number too large to keep';
  return undefined;
}

function keyComplaint(key: string): string | undefined {
  return key === '__proto__' ? 'is a name that is not taken' : textComplaint(key);
}

/** What JSON can say and PostgreSQL's jsonb cannot hold. */
function textComplaint(text: string): string | undefined {
  if (text.includes('\0')) return 'holds the character U+0000, which cannot be kept';
  if (/\p{Surrogate}/u.test(text)) return 'holds half a surrogate pair, which is no character';
  return undefined;
}

function sizeComplaints(lists: readonly Place[]): Complaint[] {
  const sizes = lists.map((list) => ({ list, bytes: Buffer.byteLength(JSON.stringify(list.value) ?? '') }));
  const bytes = sizes.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes <= SIGNATURE_LIMITS.bytes) return [];
  const [largest] = sizes.sort((a, b) => b.bytes - a.bytes);
  return [tooLarge(largest ? pathOf(largest.list) : [])];
}

function tooLarge(path: Complaint['path']): Complaint {
  return { path, message: `the request's signatures are more than ${SIGNATURE_LIMITS.bytes} bytes of JSON` };
}

function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: Place | undefined = place; at; at = at.holder) path.push(at.key);
  return path.reverse();
}
