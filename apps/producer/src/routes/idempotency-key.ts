/** The `Idempotency-Key` header field (draft-ietf-httpapi-idempotency-key-header-07, section 2.1). */
import { problem } from '../problems.js';

const LONGEST = 255;

/** A String (RFC 9651, section 3.3.3), and parameters, which mean nothing here. */
const STRING =
  /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"(?:; *[a-z*][a-z0-9_.*-]*(?:=[^",;\s]+|="[\x20-\x21\x23-\x7e]*")?)*$/;
/** What many clients send instead: the same text without quotes. */
const BARE = /^[A-Za-z0-9._~:/+=-]+$/;

/**
 * Reads the key of a request. The field is a String of structured fields, `"8e03978e-40d5-43dd-bc93-6894a57f9324"`. The
 * same text without quotes is taken as the same key, if it is made of letters, digits and `-._~:/+=` alone.
 * @param header as Node has it: several fields of this name are joined by commas, and refused
 * @returns the key, 1 to 255 characters; undefined without the header
 * @throws {ProblemError} 400 `idempotency-key-malformed`
 */
export function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = String(header).trim();
  const [, quoted] = STRING.exec(text) ?? [];
  const key = quoted !== undefined ? quoted.replaceAll(/\\(["\\])/g, '$1') : BARE.test(text) ? text : undefined;
  if (key === undefined || key === '' || key.length > LONGEST) {
    throw problem(
      'idempotency-key-malformed',
      `Send one Idempotency-Key: 1 to ${LONGEST} printable ASCII characters in double quotes, such as "8e03978e-40d5-43dd-bc93-6894a57f9324".`,
    );
  }
  return key;
}

/**
 * Refuses a key where it would mean nothing, rather than have its sender rely on it.
 * @throws {ProblemError} 400 `idempotency-key-not-taken`
 */
export function refuseKey(header: string | string[] | undefined): void {
  if (header === undefined) return;
  throw problem(
    'idempotency-key-not-taken',
    'Leave the Idempotency-Key out: a try begins once, and whoever asks for it again is answered 409.',
  );
}
