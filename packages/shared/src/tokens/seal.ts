/**
 * Sealing: text that travels through a database or a queue and that nobody may read there.
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the key is derived from a configured secret by HKDF-SHA256
 * (RFC 5869). The key's id stands in the sealed text, so that old texts open while secrets rotate.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { keyId, signingSecret, verifyingSecrets } from './keys.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A sealed text does not open: it was changed, belongs to something else, or its secret is gone. Says nothing of its content. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/**
 * Seals a text.
 * @param secrets the first one seals
 * @param aad what the text belongs to (an export's id): it opens for nothing else
 * @returns `v1.<key id>.<nonce, ciphertext and tag as base64url>`
 */
export function seal(text: string, secrets: readonly string[], aad: string): string {
  const secret = signingSecret(secrets);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, sealingKey(secret), nonce).setAAD(Buffer.from(aad));
  const box = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1.${keyId(secret)}.${box.toString('base64url')}`;
}

/**
 * Opens a sealed text.
 * @param secrets those that may have sealed it
 * @param aad as given to {@link seal}
 * @throws {SealError} if it does not open
 */
export function unseal(sealed: string, secrets: readonly string[], aad: string): string {
  const [version, kid, content, ...rest] = sealed.split('.');
  if (version !== 'v1' || kid === undefined || content === undefined || rest.length > 0) {
    throw new SealError('the sealed text has an unknown form');
  }
  const [secret] = verifyingSecrets(secrets, kid);
  if (secret === undefined) {
    throw new SealError(`the text was sealed with key ${kid}, which is not among the configured secrets`);
  }
  const box = Buffer.from(content, 'base64url');
  if (box.length < NONCE_BYTES + TAG_BYTES) throw new SealError('the sealed text is too short');
  const nonce = box.subarray(0, NONCE_BYTES);
  const tag = box.subarray(box.length - TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, sealingKey(secret), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(aad)).setAuthTag(tag);
  try {
    const text = decipher.update(box.subarray(NONCE_BYTES, box.length - TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    throw new SealError('the sealed text was changed, or belongs to something else');
  }
}

function sealingKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'parcelpost seal v1', 32));
}
