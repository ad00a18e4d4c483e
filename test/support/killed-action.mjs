/**
 * A process that runs one action, a record and what is deferred with it, and dies by SIGKILL right before its statement
 * number KILL_AT, counted from 1 and with `begin`, savepoints and `commit`; 0: right after the answer to the last commit.
 * It prints how many statements it has sent.
 */
import { openDatabase } from '@parcelpost/shared/db/database.js';
import { createLogger } from '@parcelpost/shared/log.js';
import { Actions, defer } from '@parcelpost/shared/tasks/actions.js';
import { TaskRunner } from '@parcelpost/shared/tasks/runner.js';
import { sequence } from '@parcelpost/shared/tasks/sequence.js';
import { defineTask } from '@parcelpost/shared/tasks/task.js';

const { DATABASE_URL, KILL_AT, RUN } = process.env;
const killAt = Number(KILL_AT);
const db = openDatabase(DATABASE_URL);
let sent = 0;
db.on('query', ({ sql }) => {
  sent += 1;
  if (sent === killAt) process.kill(process.pid, 'SIGKILL');
  process.stdout.write(`${sent} ${sql}\n`);
});

const log = createLogger('killed', 'silent');
const keeper = {
  plant: (trx, signatures) => trx('calls').insert(signatures.map((call) => ({ run: RUN, call }))),
  start: () => {},
};
const actions = new Actions({ db, log, keeper });
const runner = new TaskRunner({ actions, log });
const actor = { kind: 'user', id: 'u1', name: 'Ana' };

const record = defineTask({
  name: 'dataset.update',
  service: null,
  run: async ({ trx }) => {
    await trx('records').insert({ run: RUN });
    defer(() => trx('attached').insert({ run: RUN, owner: 'record' }));
    defer.afterCommit('tell');
    await actions.run(actor, async (inner) => {
      await inner('records').insert({ run: RUN });
      defer(() => inner('attached').insert({ run: RUN, owner: 'inner' }));
    });
  },
});
const note = defineTask({
  name: 'dataset.note',
  service: null,
  run: ({ trx }) => trx('records').insert({ run: RUN }),
});
await runner.runSingleSequence(sequence(record(actor, {}), note(actor, {})));
if (killAt === 0) process.kill(process.pid, 'SIGKILL');
