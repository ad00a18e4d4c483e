/** Whether storage holds what it should, and nothing else: bundles that open, and parts that are kept on purpose. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { BundleRecord, ExportRecord } from './evidence.js';
import type { Judged } from './judge.js';

const run = promisify(execFile);

/** Every file below the storage folder, as `organization/project/export/…`. */
async function filesIn(folder: string): Promise<string[]> {
  for (;;) {
    try {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    } catch (error) {
      // A folder was removed while we were on the way to it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** What lies about: files that no export's outcome accounts for. */
export async function leftovers(
  folder: string,
  exports: readonly ExportRecord[],
  bundles: readonly BundleRecord[],
): Promise<string[]> {
  const rows = new Map(exports.map((row) => [row.id, row]));
  const decided = bundles.filter(({ ownerKind }) => ownerKind === 'project');
  const keys = new Set(decided.map(({ storageKey }) => storageKey));
  return (await filesIn(folder)).filter((file) => {
    const [, , id = '', part = ''] = file.split('/');
    const row = rows.get(id);
    if (!row) return true;
    if (keys.has(file)) return row.outcome !== 'completed' && row.outcome !== 'partial';
    return !(row.partsKept && /^(work|made)-/.test(part));
  });
}

/** Opens every bundle: there, as long and of the sum that its row says, and whole as `unzip` sees it. */
export async function judgeBundles(
  folder: string,
  exports: readonly ExportRecord[],
  bundles: readonly BundleRecord[],
): Promise<Judged & { opened: number }> {
  const broken: string[] = [];
  let opened = 0;
  for (const { id, project, outcome, generation } of exports) {
    if (outcome !== 'completed' && outcome !== 'partial') continue;
    const bundle = bundles.find(
      (each) => each.exportId === id && each.generation === generation && each.ownerKind === 'project',
    );
    if (!bundle) {
      broken.push(`${project} (${id}): no bundle`);
      continue;
    }
    const file = join(folder, bundle.storageKey);
    try {
      const bytes = await readFile(file);
      const sum = createHash('sha256').update(bytes).digest('hex');
      if (bytes.length !== bundle.bytes || sum !== bundle.sha256) broken.push(`${file}: other bytes than its row says`);
      await run('unzip', ['-tqq', file]);
      opened += 1;
    } catch (error) {
      broken.push(`${file}: ${(error as Error).message}`);
    }
  }
  return { promise: 'every bundle is there, opens, and has the bytes that its row says', broken, opened };
}
