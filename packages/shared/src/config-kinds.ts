/** The kinds of values that environment variables have. Each says what is wanted where it is given something else. */
import { z } from 'zod';
import { readTokenKeys } from './tokens/key-source.js';
import { secretKeys, signingKey, TokenKeyError } from './tokens/token-keys.js';

/** Who downloads says so each minute: that there is a next minute has to be seen to. */
const LEAST_GRACE_SECONDS = 120;

/** Texts with commas between; what is empty is left out, and something is left. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
  .pipe(z.array(z.string()).min(1));

/** Names of queues; a task's name begins with its queue's. */
export const queueNames = list.superRefine((names, context) => {
  for (const name of names) {
    if (/^[a-z][a-z0-9_-]{0,63}$/i.test(name)) continue;
    const message = `"${name}" is no queue: a name has letters, digits, _ and -, and begins with a letter, such as gis`;
    context.addIssue({ code: 'custom', message });
  }
});

/** Hosts as URLs have them, a port only where it is not the scheme's own; `*.` before one stands for all below it. */
export const hosts = list.superRefine((names, context) => {
  for (const name of names) {
    const host = name.replace(/^\*\./, '').toLowerCase();
    if (URL.canParse(`http://${host}/`) && new URL(`http://${host}/`).host === host) continue;
    const message = `"${name}" is no host: such as files.example.org, files.example.org:8443, or *.example.org`;
    context.addIssue({ code: 'custom', message });
  }
});

/** Origins of pages, as browsers name them (RFC 6454, section 6). */
export const origins = list.superRefine((names, context) => {
  for (const name of names) {
    const { protocol, origin } = URL.canParse(name) ? new URL(name) : { protocol: '', origin: '' };
    if (['http:', 'https:'].includes(protocol) && origin === name && !name.includes('*')) continue;
    const message = `"${name}" is no origin: each has scheme and host, and a port if it is not the scheme's own, such as https://dashboard.example.org; there is no * for all of them`;
    context.addIssue({ code: 'custom', message });
  }
});

/** Secrets, of which the first one signs and all verify. */
export const secrets = list.refine((keys) => keys.every((key) => key.length >= 32), {
  message: 'each secret needs at least 32 characters (openssl rand -base64 48 makes one)',
});

/** Says what is wrong with a key, without the key. */
function keyFault(make: () => unknown): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    if (error instanceof TokenKeyError) return error.message;
    throw error;
  }
}

/** Secrets that sign tokens for others. */
export const tokenSecrets = secrets.superRefine((texts, context) => {
  const weak = texts.some((text) => new Set(text).size < 8);
  const message = weak
    ? 'a secret with so few different characters is easily guessed (openssl rand -base64 48 makes one)'
    : keyFault(() => secretKeys(texts));
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** Keys of pairs; the first one signs, and so needs its private half. */
export const tokenKeys = z
  .string()
  .superRefine((text, context) => {
    const message = keyFault(() => signingKey(readTokenKeys(text)));
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .transform(readTokenKeys);

/** A URL of one of these schemes; each with its colon, as `https:`. */
export const url = (...protocols: string[]) =>
  z.string().refine(
    (text) => {
      try {
        return protocols.includes(new URL(text).protocol);
      } catch {
        return false;
      }
    },
    {
      abort: true,
      message: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    },
  );

/** Pages, links and cookies are those of a whole host, so there is no path that could be put before them. */
export const publicUrl = url('http:', 'https:')
  .refine(
    (text) => new URL(text).href === `${new URL(text).origin}/`,
    'must be scheme and host alone, without path, query or password, such as https://parcelpost.example.org: the pages are at the root of their host',
  )
  .transform((text) => new URL(text).origin);

/** A whole number. */
export const count = (fallback: number, min = 1, max = 1_000_000) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** Seconds, in milliseconds; 0 is without end. */
export const timeout = (fallbackSeconds: number) =>
  z.coerce
    .number()
    .min(0)
    .max(86_400)
    .default(fallbackSeconds)
    .transform((seconds) => Math.round(seconds * 1000));

/** Seconds, such as bytes are left for who has just begun to read them. Who reads says so after a minute, and the database may be slow. */
export const grace = (fallback: number) =>
  count(fallback, 0, 86_400).refine(
    (seconds) => seconds === 0 || seconds >= LEAST_GRACE_SECONDS,
    `is 0, where storage is a disk of this machine and what is open can be read to its end, or at least ${LEAST_GRACE_SECONDS}`,
  );

/** How much of the database one process takes, and for how long; see `Timeouts` of db/database.ts. */
export const databaseUse = (fallback: { connections: number; statement: number; lock: number; idle: number }) => ({
  DATABASE_CONNECTIONS: count(fallback.connections, 1, 1000),
  DATABASE_STATEMENT_SECONDS: timeout(fallback.statement),
  DATABASE_LOCK_SECONDS: timeout(fallback.lock),
  DATABASE_IDLE_SECONDS: timeout(fallback.idle),
});
