/** Standard Webhooks 1.0 (standardwebhooks.com): who sent a webhook, when, and that nobody changed it on the way. */
import { createHmac } from 'node:crypto';
import { ConfigError } from '@parcelpost/shared/config.js';

/**
 * The key that a configured secret stands for: `whsec_` and base64 as Standard Webhooks writes it, else the text's bytes.
 * @throws ConfigError if what follows `whsec_` is not base64 of at least 24 bytes
 */
export function webhookKey(secret: string): Buffer {
  if (!secret.startsWith('whsec_')) return Buffer.from(secret, 'utf8');
  const text = secret.slice('whsec_'.length);
  const key = Buffer.from(text, 'base64');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || key.length < 24) {
    throw new ConfigError('WEBHOOK_SECRET is wrong: whsec_ must be followed by base64 of 24 bytes or more');
  }
  return key;
}

/**
 * The headers of one try at sending a webhook.
 * @param id the same for every try, so that the receiver can drop repeats
 * @param timestamp when this try is made; receivers refuse old ones
 * @param keys each of them signs (a receiver takes whichever signature it can verify); with none there is no
 *   `webhook-signature`
 */
export function webhookHeaders(
  id: string,
  timestamp: Date,
  body: string,
  keys: readonly Buffer[],
): Record<string, string> {
  const seconds = String(Math.floor(timestamp.getTime() / 1000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': seconds };
  if (keys.length === 0) return headers;
  const signed = `${id}.${seconds}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return { ...headers, 'webhook-signature': signatures.join(' ') };
}
