import { sql as platform } from './0001-platform.js';
import { sql as exportsSql } from './0002-exports.js';
import { sql as canvas } from './0003-canvas.js';
import { sql as audit } from './0004-audit.js';
import { sql as revocations } from './0005-revocations.js';
import { sql as admission } from './0006-admission.js';
import { sql as snapshots } from './0007-snapshots.js';
import { sql as bulk } from './0008-bulk.js';
import { sql as ownership } from './0009-ownership.js';
import { sql as bulkTurns } from './0010-bulk-turns.js';
import { sql as finishedParts } from './0011-finished-parts.js';
import { sql as janitor } from './0012-janitor.js';
import { sql as signIn } from './0013-sign-in.js';
import { sql as renewal } from './0016-renewal.js';

/** Every migration, in order. Forward only: a migration that has been released is never edited. */
export const MIGRATIONS: readonly { name: string; sql: string }[] = [
  { name: '0001-platform', sql: platform },
  { name: '0002-exports', sql: exportsSql },
  { name: '0003-canvas', sql: canvas },
  { name: '0004-audit', sql: audit },
  { name: '0005-revocations', sql: revocations },
  { name: '0006-admission', sql: admission },
  { name: '0007-snapshots', sql: snapshots },
  { name: '0008-bulk', sql: bulk },
  { name: '0009-ownership', sql: ownership },
  { name: '0010-bulk-turns', sql: bulkTurns },
  { name: '0011-finished-parts', sql: finishedParts },
  { name: '0012-janitor', sql: janitor },
  { name: '0013-sign-in', sql: signIn },
  { name: '0016-renewal', sql: renewal },
];
