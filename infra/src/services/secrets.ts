import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = ['TOKEN_SECRET', 'AUTH_SECRET', 'SEAL_SECRET', 'SIGNATURE_SECRET', 'WEBHOOK_SECRET'] as const;
export type LocalSecrets = Record<(typeof NAMES)[number], string>;

/** Which of them each app needs: the producer mints and verifies tokens, the worker opens sealed ones and signs webhooks. */
export const SECRETS_OF = {
  producer: ['TOKEN_SECRET', 'AUTH_SECRET', 'SEAL_SECRET', 'SIGNATURE_SECRET'],
  worker: ['SEAL_SECRET', 'SIGNATURE_SECRET', 'WEBHOOK_SECRET'],
} as const satisfies Record<string, readonly (keyof LocalSecrets)[]>;

/** What operators may set beside them, by the app that alone may see it. */
export const MORE_SECRETS_OF: Record<keyof typeof SECRETS_OF, readonly string[]> = {
  producer: ['TOKEN_KEYS', 'OIDC_CLIENT_SECRET'],
  worker: [],
};

/**
 * The secrets of a local installation, by the names of the variables that carry them: made at the first call, kept in
 * `<dataDir>/secrets.json` for nobody but the file's owner to read. Throws when that file is not what was written.
 */
export function localSecrets(dataDir: string): LocalSecrets {
  const file = join(dataDir, 'secrets.json');
  mkdirSync(dataDir, { recursive: true });
  const fresh = Object.fromEntries(NAMES.map((name) => [name, randomBytes(36).toString('base64')]));
  const beside = `${file}.${process.pid}`;
  try {
    writeFileSync(beside, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600 });
    // A link, since it fails where the file exists: two first starts at once end with the same secrets.
    linkSync(beside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(beside, { force: true });
  }
  let kept: Partial<LocalSecrets>;
  try {
    kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<LocalSecrets>;
  } catch (cause) {
    throw new Error(
      `${file} cannot be read as JSON; remove it, and new secrets will be made (tokens given out before stop working)`,
      { cause },
    );
  }
  if (typeof kept !== 'object' || kept === null)
    throw new Error(`${file} holds no secrets; remove it, and new ones will be made`);
  const whole = { ...fresh, ...kept } as LocalSecrets;
  // A file of an earlier version lacks the secrets that came later.
  if (NAMES.some((name) => kept[name] === undefined)) {
    writeFileSync(beside, `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 });
    renameSync(beside, file);
  }
  return whole;
}
