/**
 * Tokens in forms that show that a form came from a page of ours: each is bound to a cookie of its reader, that of the
 * session or, before there is one, a random one. Another site can make a browser send the cookie, and cannot read the token.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Name of the form field. */
export const CSRF_FIELD = 'csrf';

/**
 * The token of forms for whoever holds a cookie.
 * @param secrets the first one makes it
 */
export function csrfToken(secrets: readonly string[], cookie: string): string {
  const [secret] = secrets;
  if (secret === undefined) throw new Error('no secret is configured to make tokens of forms with');
  return createHmac('sha256', secret).update('parcelpost form\0').update(cookie).digest('base64url');
}

/** Whether a token is one for that cookie, made with any of the secrets. */
export function csrfHolds(secrets: readonly string[], cookie: string, token: unknown): boolean {
  if (typeof token !== 'string') return false;
  const given = Buffer.from(token);
  return secrets.some((secret) => {
    const wanted = Buffer.from(csrfToken([secret], cookie));
    return wanted.length === given.length && timingSafeEqual(wanted, given);
  });
}
