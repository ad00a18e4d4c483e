/**
 * Authentication of signatures: whoever can write to a queue, or to a row, cannot make a worker run something that the
 * producer has not agreed to. HMAC-SHA256 (RFC 2104) over canonical JSON (RFC 8785), kept with the signature as
 * `v1.<key id>.<code as base64url>`, so that old signatures verify while secrets rotate.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from '../canonical-json.js';
import { keyId, signingSecret, verifyingSecrets } from '../tokens/keys.js';
import { type CanvasHook, mapTasks } from './place.js';
import { SIGNATURE_VERSION, type Signature, type TaskSignature } from './signature.js';

/** What a call's code stands for: this call, at this place of this export's canvas, and nothing else. */
export interface SignedCall extends Pick<TaskSignature, 'task' | 'options' | 'immutable'> {
  args: Record<string, unknown>;
  exportId: string;
  place: string;
}

/**
 * The code of a call.
 * @param secrets the first one signs
 * @throws {TypeError} if arguments or options are not JSON
 */
export function signatureMac(call: SignedCall, secrets: readonly string[]): string {
  const secret = signingSecret(secrets);
  return `v1.${keyId(secret)}.${codeOf(call, secret)}`;
}

/**
 * Signs every call of a list, those in chains, groups, chords and callbacks too, and notes which are of other services. Call
 * it with arguments as they will be stored.
 * @param secrets the first one signs
 * @param isRouted whether another service owns a task's queue
 */
export function signCanvas(
  list: readonly Signature[],
  { exportId, hook }: { exportId: string; hook: CanvasHook },
  secrets: readonly string[],
  isRouted: (task: string) => boolean,
): Signature[] {
  return mapTasks(list, hook, (task, place) => ({
    ...task,
    mac: signatureMac({ ...task, exportId, place }, secrets),
    ...(isRouted(task.task) ? { routed: true } : {}),
  }));
}

/**
 * Says whether a call is what was signed, in constant time for codes of the same length.
 * @param secrets those that may have signed it
 */
export function verifySignature(call: SignedCall & { mac: string | null }, secrets: readonly string[]): boolean {
  const [version, kid, code, ...rest] = (call.mac ?? '').split('.');
  if (version !== 'v1' || kid === undefined || code === undefined || rest.length > 0) return false;
  const [secret] = verifyingSecrets(secrets, kid);
  if (secret === undefined) return false;
  const given = Buffer.from(code);
  let right: Buffer;
  try {
    right = Buffer.from(codeOf(call, secret));
  } catch {
    return false;
  }
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Whether a code names one of these secrets; one that does not may be of a secret that others have already. */
export function isKeyKnown(mac: string | null, secrets: readonly string[]): boolean {
  const [, kid] = (mac ?? '').split('.');
  return kid === undefined || verifyingSecrets(secrets, kid).length > 0;
}

function codeOf({ exportId, place, task, args, options, immutable }: SignedCall, secret: string): string {
  const text = canonicalJson([SIGNATURE_VERSION, exportId, place, task, args, options, immutable]);
  return createHmac('sha256', secret).update(text).digest('base64url');
}
