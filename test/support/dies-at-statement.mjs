/**
 * Does one deed on the database and dies by SIGKILL right before it would send its nth statement. Run as a process of its
 * own, on the built code:
 *
 *     node dies-at-statement.mjs '{"deed": "decide", "nth": 3, "url": "postgres://…", …}'
 *
 * It prints how many statements the deed took if it comes to its end before that.
 */
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import { ExportService } from '@parcelpost/shared/db/services/exports.js';
import { FinishedParts } from '@parcelpost/shared/db/services/finished-parts.js';
import { ResourceService } from '@parcelpost/shared/db/services/resources.js';
import { Writes } from '@parcelpost/shared/db/tasks/writes.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { FileStorage } from '@parcelpost/shared/storage/file-storage.js';
import { Actions, defer } from '@parcelpost/shared/tasks/actions.js';
import { TaskRunner } from '@parcelpost/shared/tasks/runner.js';
import { sequence } from '@parcelpost/shared/tasks/sequence.js';
import { defineTask } from '@parcelpost/shared/tasks/task.js';
import { AddResource } from '../../apps/producer/dist/actions/add-resource.js';
import { decide } from '../../apps/worker/dist/outcome/decide.js';
import { OutcomeTasks } from '../../apps/worker/dist/outcome/outcome-tasks.js';
import { ExpiredFiles } from '../../apps/worker/dist/processors/expired-files.js';

const { deed, nth, url, ...order } = JSON.parse(process.argv[2]);
const log = createLogger('test', 'silent');
const db = openDatabase(url, { max: 2 });
const deferred = { secrets: ['a secret of the tests with more than 32 characters'], relay: async () => {} };
const writes = new Writes({ db, log, actor: { kind: 'service', id: 'test', name: 'Test' }, deferred, unmasked: true });
const { files, runner } = writes;
const exports = new ExportService(db);

let statements = 0;
const count = () => {
  statements += 1;
  if (statements !== nth) return;
  process.kill(process.pid, 'SIGKILL');
  for (;;);
};

const DEEDS = {
  async decide({ exportId, decision }) {
    const row = await exports.get(exportId);
    const deps = {
      exports,
      runner,
      writes,
      outcome: new OutcomeTasks({ exports, jobs: new ExportJobService(db), files, finished: new FinishedParts(db) }),
      outbox: { get: async () => undefined },
      relay: { run: async () => {} },
      metrics: createMetrics('worker'),
      log,
      settings: { publicUrl: 'http://127.0.0.1', partsTtlMs: 3_600_000 },
    };
    const dates = { ...decision.file, expiresAt: new Date(decision.file.expiresAt) };
    db.on('query', count);
    await decide(deps, row, { ...decision, file: dates });
  },
  /** A record, a second one in a savepoint, what each defers, and a call that follows the commit. */
  async attach({ run }) {
    const keeper = {
      plant: (trx, signatures) => trx('calls').insert(signatures.map((call) => ({ run, call }))),
      start: () => {},
    };
    const actions = new Actions({ db, log, keeper });
    const actor = { kind: 'user', id: 'u1', name: 'Ana' };
    const attach = (trx, owner) => defer(() => trx('attached').insert({ run, owner }));
    const update = defineTask({
      name: 'dataset.update',
      service: null,
      run: async ({ trx }) => {
        await trx('records').insert({ run });
        attach(trx, 'record');
        defer.afterCommit('tell');
        await actions.run(actor, async (inner) => {
          await inner('records').insert({ run });
          attach(inner, 'inner');
        });
      },
    });
    const note = defineTask({
      name: 'dataset.note',
      service: null,
      run: ({ trx }) => trx('records').insert({ run }),
    });
    db.on('query', count);
    await new TaskRunner({ actions, log }).runSingleSequence(sequence(update(actor, {}), note(actor, {})));
  },
  /** A round that removes expired bundles. */
  async expire({ storage: folder }) {
    const rest = { storage: new FileStorage(folder), metrics: createMetrics('worker'), log };
    const expired = new ExpiredFiles({ db, writes, settings: { removalGraceMs: 0 }, ...rest });
    db.on('query', count);
    await expired.round();
  },
  async add({ user, address, body }) {
    const resources = new AddResource({ resources: new ResourceService(), files, runner });
    db.on('query', count);
    await resources.run(user, address, body);
  },
};
await DEEDS[deed](order);
db.removeListener('query', count);
await db.destroy();
console.log(statements);
