/** Keys that tokens are signed with: the first of a list signs, all of it verify, and `kid` says which one it was. */
import { createHash } from 'node:crypto';

/** Name of a secret in a token's header: says which secret it is and nothing about its text. */
export function keyId(secret: string): string {
  return createHash('sha256').update('parcelpost key id\0').update(secret).digest('base64url').slice(0, 10);
}

/**
 * The secret that new tokens are signed with.
 * @throws {Error} if the list is empty
 */
export function signingSecret(secrets: readonly string[]): string {
  const [first] = secrets;
  if (first === undefined) throw new Error('no secret is configured to sign with');
  return first;
}

/** The secrets a token may have been signed with: the one that `kid` names; all, where it names none. */
export function verifyingSecrets(secrets: readonly string[], kid: string | undefined): string[] {
  return kid === undefined ? [...secrets] : secrets.filter((secret) => keyId(secret) === kid);
}
