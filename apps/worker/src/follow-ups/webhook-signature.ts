/** Standard Webhooks 1.0 (standardwebhooks.com): who sent a webhook, when, and that nobody changed it on the way. */
import { createHmac } from 'node:crypto';
import { ConfigError } from '@parcelpost/shared/config.js';

/**
 * The key that a configured secret stands for: `whsec_` and base64 as Standard Webhooks writes it, else the text's bytes.
 * @throws ConfigError if what follows `whsec_` is not base64 of at least 16 bytes
 */
export function webhookKey(secret: string): Buffer {
  if (!secret.startsWith('whsec_')) return Buffer.from(secret, 'utf8');
  const text = secret.slice('whsec_'.length);
  const key = Buffer.from(text, 'base64');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || key.length < 16) {
    throw new ConfigError('WEBHOOK_SECRET is wrong: whsec_ must be followed by base64 of 16 bytes or more');
  }
  return key;
}

/**
 * The headers of one try at sending a webhook.
 * @param id the same for every try, so that the receiver can drop repeats
 * @param timestamp when this try is made; receivers refuse old ones
 * @param key without it nothing is signed, and there is no `webhook-signature`
 */
export function webhookHeaders(
  id: string,
  timestamp: Date,
  body: string,
  key: Buffer | undefined,
): Record<string, string> {
  const seconds = String(Math.floor(timestamp.getTime() / 1000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': seconds };
  if (!key) return headers;
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}
