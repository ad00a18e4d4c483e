/** The process: its streams, signals and exit code. */
import { runCli } from './cli.js';
import { type EndingSignal, Interrupted } from './errors.js';
import { EXIT } from './exit-codes.js';

/** A terminal sends Ctrl-C to every process, and npx passes it on once more: what follows so closely is the same one. */
const SAME_MS = 1000;

const interruption = new AbortController();
let interruptedAt = Number.POSITIVE_INFINITY;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies EndingSignal[]) {
  process.on(signal, () => {
    const ending = new Interrupted(signal);
    // Somebody who asks again does not want to wait for words.
    if (Date.now() - interruptedAt > SAME_MS) process.exit(ending.exit);
    if (interruption.signal.aborted) return;
    interruptedAt = Date.now();
    interruption.abort(ending);
  });
}
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read has gone (`| head`): there is nobody to tell anything. Who writes a bundle hears of the rest themselves.
    if (error.code === 'EPIPE') process.exit(EXIT.file);
  });
}

const code = await runCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
// What was written has to be out before the process ends; idle connections shall not keep it.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
);
process.exit(code);
