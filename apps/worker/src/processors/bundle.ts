/** Bundles an export's finished files: writes the zip beside, reads it back, and says what it came to. */
import type { ExportJobRow } from '@parcelpost/shared/db/services/export-jobs.js';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { NewFile } from '@parcelpost/shared/db/services/files.js';
import type { NewPart } from '@parcelpost/shared/db/services/finished-parts.js';
import type { ExportResult } from '@parcelpost/shared/export-result.js';
import { safeName } from '../formats/safe-name.js';
import { sinkStream } from '../formats/sink.js';
import { noTally } from '../formats/tally.js';
import { isCompressed } from '../formats/zip/media.js';
import { damagedZip, verifyZip } from '../formats/zip/read.js';
import { writeZip, type ZipSource } from '../formats/zip/write.js';
import { pageLinks, projectReference, requestedBy } from '../outcome/decide.js';
import { changeWarnings } from '../pipeline/changes.js';
import { type BundlePart, documents } from '../pipeline/documents.js';
import { HashingWriter } from '../pipeline/hashing-writer.js';
import type { Plan } from '../pipeline/plan.js';
import { isConsistent, readingWarnings, type ShardReading } from '../pipeline/reading.js';
import { FILE_DATE, type Notice } from '../pipeline/step.js';
import { verifyBundle } from '../verify/verify-bundle.js';
import { bytesOfObject, type RandomBytes } from '../verify/zip-file.js';
import type { WorkerDeps } from './deps.js';
import type { Judged } from './judge.js';
import { bundleKey } from './keys.js';
import type { MapResult } from './map.js';
import { partsToKeep, toldReused } from './reuse.js';
import { onDisk } from './whole-parts.js';

/** A file up to this size is zipped from memory, which a stream of it would need as well. */
const SMALL_BYTES = 256 * 1024;

/**
 * Makes the bundle of an export of what its work came to.
 * @param jobs all work of the export, of which finished parts may be kept
 * @param start which start of the merge this is; part of the bundle's key
 * @returns with what is kept for others: nothing of a part of the whole
 * @throws what fails; then nothing is left in storage
 */
export async function bundle(
  deps: WorkerDeps,
  row: ExportRow,
  { maps, reduced, missing }: Judged,
  jobs: readonly ExportJobRow[],
  start: number,
  signal: AbortSignal,
): Promise<{ result: ExportResult; file: NewFile; parts: readonly NewPart[] }> {
  const { storage, settings } = deps;
  const mapped = maps.map(({ result }) => result as MapResult);
  const name = bundleName(row);
  const plan = await deps.plans.get(row);
  const readings = maps.map(({ step, reusedFrom }, index): ShardReading => {
    const { repeated = noTally(), outside = false } = mapped[index] as MapResult;
    return { entity: step, repeated, outside, takenOver: reusedFrom !== null };
  });
  const changes = changeWarnings(
    plan.shards,
    maps.map(({ step, shard, rows }, index) => ({ entity: step, shard, rows, counts: mapped[index]?.counts ?? null })),
  );
  const { parts, warnings } = documents({
    pipeline: deps.pipeline,
    row,
    bundle: name,
    plan,
    files: reduced.flatMap(({ files }) => files),
    notices: [...reusedNotices(plan), ...mapped.flatMap((each) => each.notices)],
    warnings: [...reduced.flatMap((each) => each.warnings), ...changes, ...readingWarnings(readings)],
    missing,
    consistent: isConsistent(plan, readings),
    softwareVersion: settings.softwareVersion,
  });
  const contents = parts.map(({ name, rows, bytes, sha256 }) => ({ name, rows, bytes, sha256 }));

  const storageKey = bundleKey(row, start);
  const { bytes, sha256 } = await write(deps, storageKey, parts, signal);
  let kept: readonly NewPart[];
  try {
    // The disk takes its time, in which all is looked through.
    [kept] = await Promise.all([
      onDisk(deps, row, missing.length > 0 ? [] : partsToKeep(deps, row, plan, jobs)),
      storage.sync(storageKey),
      lookThrough(deps, row, storageKey, { bytes, contents }, signal),
    ]);
  } catch (error) {
    await storage.remove(storageKey);
    throw error;
  }

  const expiresAt = new Date(Date.now() + settings.ttlMs);
  return {
    parts: kept,
    file: {
      exportId: row.id,
      generation: row.generation,
      name,
      storageKey,
      mediaType: 'application/zip',
      bytes,
      sha256,
      contents,
      expiresAt,
    },
    result: {
      exportId: row.id,
      project: projectReference(row),
      outcome: missing.length > 0 ? 'partial' : 'completed',
      file: { name, bytes, sha256, expiresAt: expiresAt.toISOString() },
      links: pageLinks(settings.publicUrl, row.id),
      rows: maps.reduce((sum, map) => sum + map.rows, plan.reused?.rows ?? 0),
      files: contents.map(({ name, rows, bytes }) => ({ name, rows, bytes })),
      warnings: warnings.map(({ message }) => message),
      missing,
      ...takenOver(maps, plan.shards.length),
      ...toldReused(deps, row, plan),
      steps: deps.pipeline.versions(row.options),
      ...(row.options.unchangedSince !== undefined && { unchanged: row.options.unchangedSince === sha256 }),
      requestedBy: requestedBy(row),
      finishedAt: new Date().toISOString(),
    },
  };
}

/** @throws ExportError (`bundle-damaged`, not permanent) where the zip in storage is not what was written */
async function lookThrough(
  deps: WorkerDeps,
  row: ExportRow,
  key: string,
  { bytes, contents }: Pick<NewFile, 'bytes' | 'contents'>,
  signal: AbortSignal,
): Promise<void> {
  const stored = await bytesOfObject(deps.storage, key, bytes);
  await verifyZip((from, to) => stored.read(from, to), bytes, contents);
  await reopen(deps, row, stored, signal);
}

/**
 * Re-opens every file as it now lies in storage, before anything is decided. A GeoPackage is only summed up: SQLite's own
 * checks would keep this process from everything else while they last.
 * @throws ExportError (`bundle-damaged`, not permanent) where bytes are not what they should be; of files that are whole, but
 *   do not agree, the log tells
 */
async function reopen({ log }: WorkerDeps, row: ExportRow, bytes: RandomBytes, signal: AbortSignal): Promise<void> {
  const { faults } = await verifyBundle(bytes, { signal, skip: (name) => name.endsWith('.gpkg') });
  if (faults.length === 0) return;
  log.warn({ exportId: row.id, faults }, 'the bundle has faults');
  const damage = faults.find(({ kind }) => kind === 'damage');
  if (damage) throw damagedZip(`${damage.file ?? 'the zip'}: ${damage.message}`);
}

/** What the maps had to say of which an earlier export has the results. */
function reusedNotices({ reused }: Plan): Notice[] {
  return Object.entries(reused?.steps ?? {}).flatMap(([step, { notices }]) => notices.map((meta) => ({ step, meta })));
}

/** What of the shards an earlier try has read, so that whoever gets the result knows of what moments the bundle is. */
function takenOver(maps: readonly ExportJobRow[], of: number): Pick<ExportResult, 'takenOver'> {
  const taken = maps.filter(({ reusedFrom }) => reusedFrom !== null);
  if (taken.length === 0) return {};
  const since = Math.min(...taken.map(({ startedAt }) => startedAt?.getTime() ?? Number.POSITIVE_INFINITY));
  return { takenOver: { parts: taken.length, of, since: new Date(since).toISOString() } };
}

/** `<YYYY-MM-DD>_<project-slug>_<outputType>.zip`, by the day of the request in UTC. */
function bundleName(row: Pick<ExportRow, 'requestedAt' | 'project' | 'options'>): string {
  const day = row.requestedAt.toISOString().slice(0, 10);
  return `${day}_${safeName(row.project)}_${row.options.outputType}.zip`;
}

async function write(
  { storage, settings }: WorkerDeps,
  key: string,
  parts: readonly BundlePart[],
  signal: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const writer = new HashingWriter(await storage.create(key));
  async function* sources(): AsyncGenerator<ZipSource> {
    for (const { name, bytes, from } of parts) {
      const entry = { name, bytes, store: isCompressed(name) };
      if (typeof from !== 'string') yield { ...entry, source: from };
      else yield { ...entry, source: bytes <= SMALL_BYTES ? await storage.readAll(from) : storage.read(from) };
    }
  }
  try {
    await writeZip(sources(), sinkStream(writer), { level: settings.zipLevel, date: FILE_DATE, signal });
    const sha256 = await writer.commit();
    return { bytes: writer.bytes, sha256 };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
