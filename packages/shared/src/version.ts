import { readFileSync } from 'node:fs';

/** The version of all of it, as the package.json at the root says. */
export const SOFTWARE_VERSION: string = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
).version;
