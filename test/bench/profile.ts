/** Loaded into a process by `--import` to leave a CPU profile in `BENCH_PROFILE_DIR` when it ends. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, dirname, join } from 'node:path';

const folder = process.env.BENCH_PROFILE_DIR;
if (folder) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  process.once('exit', () => {
    session.post('Profiler.stop', (error, stopped) => {
      if (error) return;
      mkdirSync(folder, { recursive: true });
      // …/apps/worker/dist/main.js is the worker.
      const name = basename(dirname(dirname(process.argv[1] ?? 'unknown')));
      writeFileSync(join(folder, `${name}-${process.pid}.cpuprofile`), JSON.stringify(stopped.profile));
    });
  });
}
