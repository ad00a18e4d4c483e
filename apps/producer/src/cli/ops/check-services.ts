/** Whether database, queues and storage are there and set as they should be. */
import { randomUUID } from 'node:crypto';
import { checkSchema } from '@parcelpost/shared/db/schema-check.js';
import { redisDoubts } from '@parcelpost/shared/queues/look.js';
import { openStorage } from '@parcelpost/shared/storage/file-storage.js';
import { within } from '@parcelpost/shared/within.js';
import { type LostObject, lostObjects } from '../../janitor/lost-objects.js';
import type { OpsContext } from './context.js';
import type { Check, Finding } from './diagnosis.js';
import { counted } from './text.js';

/** Files that the doctor looks for in storage; `orphans` looks for all. */
const LOOKED_FOR = 1000;
/** Lost files that are named. */
const NAMED = 10;

/** Milliseconds in which each of them has to answer. */
const PATIENCE_MS = 5000;

/** Host and database of a URL; what comes before the @ is nobody's business. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname === '/' ? '' : pathname}`;
}

/** The database answers. @throws by `run`, with its address, when it does not */
export function databaseAnswers({ db, config }: OpsContext): Check {
  const place = placeOf(config.DATABASE_URL);
  return {
    name: `database (${place})`,
    run: async () => {
      await within(PATIENCE_MS, db.raw('select 1'));
      return { seen: [`database ${place}`] };
    },
  };
}

/** The tables are those that this version needs. */
export function schemaIsCurrent({ db }: OpsContext): Check {
  return {
    name: 'tables',
    run: async () => {
      await checkSchema(db);
      return {};
    },
  };
}

/** The engine of the queues answers. */
export function queuesAnswer({ queues, queueUrl }: OpsContext): Check {
  const place = placeOf(queueUrl);
  return {
    name: `queues (${queues.engine} at ${place})`,
    run: async () => {
      await queues.ping();
      return { seen: [`queues on ${queues.engine} at ${place}`] };
    },
  };
}

/** Redis is set so that it loses no jobs. */
export function engineIsSet({ queues, queueUrl }: OpsContext): Check {
  return {
    name: 'settings of the queue engine',
    run: async () => {
      if (queues.engine !== 'redis') return {};
      const findings = (await redisDoubts(queueUrl)).map(
        ({ what, advice, loses }): Finding => ({
          level: loses ? 'problem' : 'note',
          code: 'engine-settings',
          what,
          advice,
          items: [],
        }),
      );
      return { findings };
    },
  };
}

/** The storage takes an object, gives it back, and lets it go. */
export function storageTakes({ config }: OpsContext): Check {
  return {
    name: 'storage',
    run: async () => {
      const { STORAGE_URL } = config;
      if (STORAGE_URL === undefined) {
        const what = 'The storage was not looked at: STORAGE_URL is not set here.';
        const advice = 'Set it as producer and worker have it, and run this where they run.';
        return { findings: [{ level: 'note', code: 'storage-not-named', what, advice, items: [] }] };
      }
      const storage = openStorage(STORAGE_URL);
      const folder = `ops-doctor-${randomUUID()}`;
      const key = `${folder}/probe`;
      const text = 'written by the doctor to see whether it can be';
      try {
        await within(PATIENCE_MS, storage.put(key, text));
        const read = await within(PATIENCE_MS, storage.readAll(key));
        if (read.toString() !== text) throw new Error('what was read is not what was written');
      } catch (error) {
        const what = `The storage ${STORAGE_URL} cannot be written and read: ${(error as Error).message}`;
        const advice = 'Look at its space, its owner, and whether it is mounted where this runs.';
        return { findings: [{ level: 'problem', code: 'storage', what, advice, items: [] }] };
      } finally {
        await storage.removePrefix(folder).catch(() => undefined);
      }
      return { seen: [`storage ${STORAGE_URL}`] };
    },
  };
}

/** What can be downloaded is in storage. */
export function filesAreThere({ config, db }: OpsContext): Check {
  return {
    name: 'files in storage',
    run: async () => {
      if (config.STORAGE_URL === undefined) return {};
      const lost: LostObject[] = [];
      let looked = 0;
      for await (const page of lostObjects({ db, storage: openStorage(config.STORAGE_URL) }, LOOKED_FOR)) {
        looked += page.looked;
        lost.push(...page.lost);
      }
      const seen = [`${counted(looked, 'file')} in storage`];
      if (lost.length === 0) return { seen };
      const finding: Finding = {
        level: 'problem',
        code: 'files-lost',
        what: `${counted(lost.length, 'file is', 'files are')} not in storage as the database says, of ${looked} that were looked for.`,
        advice:
          'See that the storage is the one that it was, and whole. Restore them, or ask for the exports again. All of them: {ops} orphans',
        items: lost.slice(0, NAMED).map(({ kind, id, exportId, owner, storageKey, found }) => {
          const state = found === null ? 'is gone' : `has ${counted(found, 'byte')}`;
          return `${kind} ${id} of ${exportId === null ? owner : `export ${exportId}`}: ${storageKey} ${state}`;
        }),
      };
      return { findings: [finding], seen };
    },
  };
}
