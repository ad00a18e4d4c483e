/** `ops usage` and `ops orphans`: what is in storage, and what should not be, or should and is not. */
import { projectUsage } from '@parcelpost/shared/db/services/project-quota.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import type { Storage } from '@parcelpost/shared/storage/storage.js';
import { humanBytes } from '@parcelpost/shared/words.js';
import { type LostObject, lostObjects } from '../../janitor/lost-objects.js';
import { type Orphan, Orphans } from '../../janitor/orphans.js';
import { type OpsContext, PROGRAM, UsageError } from './context.js';
import { age, counted, table } from './text.js';

const MB = 1024 * 1024;

/** The storage that the command is told of. @throws {UsageError} where it is not */
function storageOf({ config }: OpsContext): Storage {
  if (config.STORAGE_URL === undefined) {
    throw new UsageError('STORAGE_URL is not set: set it as producer and worker have it, and run this where they run.');
  }
  return openStorage(config.STORAGE_URL);
}

/** What each project has in storage. */
export async function showUsage(
  context: OpsContext,
  { limit, json }: { limit: number; json: boolean },
): Promise<number> {
  const { db, config, print } = context;
  const rows = await projectUsage(db, limit);
  const quotaMb = config.PROJECT_QUOTA_MB;
  if (json) {
    print(JSON.stringify({ quotaBytes: quotaMb === 0 ? null : quotaMb * MB, projects: rows }, null, 2));
    return 0;
  }
  if (rows.length === 0) {
    print('No project has anything in storage.');
    return 0;
  }
  const lines = rows.map((row) => {
    const all = row.bundleBytes + row.uploadBytes;
    const share = quotaMb === 0 ? '' : `${Math.round((100 * all) / (quotaMb * MB))} %`;
    return [
      row.project,
      humanBytes(all),
      share,
      `${row.bundles} (${humanBytes(row.bundleBytes)})`,
      humanBytes(row.pinnedBytes),
      `${row.uploads} (${humanBytes(row.uploadBytes)})`,
    ];
  });
  print(table(['project', 'in storage', 'of quota', 'bundles', 'pinned', 'uploads'], lines));
  return 0;
}

/** Lists orphans and lost objects, and removes the former if told so. @returns 0 where there are none (any more), 1 where there are */
export async function handleOrphans(
  context: OpsContext,
  { remove, hours, limit, json }: { remove: boolean; hours: number; limit: number; json: boolean },
): Promise<number> {
  const { db, print } = context;
  const storage = storageOf(context);
  const orphans = new Orphans({ db, storage, log: createLogger('ops', 'silent') });
  // Sums of all, lines of the first: however many there are, memory holds few.
  const found = { looked: 0, orphans: 0, bytes: 0, removed: 0, unknown: 0, files: 0, lost: 0 };
  const named: { orphans: Orphan[]; unknown: string[]; lost: LostObject[] } = { orphans: [], unknown: [], lost: [] };
  const note = <One>(list: One[], more: readonly One[]) => list.push(...more.slice(0, limit - list.length));
  for await (const page of orphans.find(hours * 3_600_000)) {
    found.looked += page.looked;
    found.orphans += page.orphans.length;
    found.bytes += page.orphans.reduce((sum, one) => sum + one.bytes, 0);
    found.unknown += page.unknown.length;
    note(named.orphans, page.orphans);
    note(
      named.unknown,
      page.unknown.map(({ key }) => key),
    );
    if (remove) found.removed += (await orphans.remove(page.orphans)).length;
  }
  for await (const page of lostObjects({ db, storage })) {
    found.files += page.looked;
    found.lost += page.lost.length;
    note(named.lost, page.lost);
  }
  const left = found.orphans - found.removed;
  if (json) print(JSON.stringify({ ...found, named }, null, 2));
  else tell(print, { found, named, remove, hours });
  return left > 0 || found.lost > 0 ? 1 : 0;
}

function tell(
  print: OpsContext['print'],
  {
    found,
    named,
    remove,
    hours,
  }: {
    found: Record<'looked' | 'orphans' | 'bytes' | 'removed' | 'unknown' | 'files' | 'lost', number>;
    named: { orphans: Orphan[]; unknown: string[]; lost: LostObject[] };
    remove: boolean;
    hours: number;
  },
): void {
  if (named.orphans.length > 0) {
    const lines = named.orphans.map(({ key, bytes, modified, why }) => [why, humanBytes(bytes), age(modified), key]);
    print(table(['why', 'size', 'age', 'object'], lines));
  }
  const what = `${counted(found.orphans, 'object')} that no row stands for (${humanBytes(found.bytes)}), older than ${hours} h`;
  print(`${what}, among ${found.looked}.`);
  if (remove) print(`${counted(found.removed, 'object')} removed.`);
  else if (found.orphans > 0) print(`Nothing was removed. To remove them: ${PROGRAM} orphans --remove`);
  if (found.unknown > 0) {
    print(`${counted(found.unknown, 'object is', 'objects are')} not this service’s by their keys, and left alone:`);
    for (const key of named.unknown) print(`    ${key}`);
  }
  for (const { id, kind, owner, exportId, storageKey, bytes, found: there } of named.lost) {
    const whose = exportId === null ? owner : `export ${exportId}`;
    const has = there === null ? 'is gone' : `has ${there} bytes and not ${bytes}`;
    print(`LOST  ${kind} ${id} of ${whose}: ${storageKey} ${has}`);
  }
  print(`${counted(found.lost, 'file')} of ${found.files} lost from storage.`);
}
