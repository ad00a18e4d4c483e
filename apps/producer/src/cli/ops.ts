/** `npm run ops -- <command>`: looks after an installation; `--help` says how. */
import { runOps } from './ops/run.js';

process.exitCode = await runOps(process.argv.slice(2), process.env, { print: console.log, complain: console.error });
