/**
 * Runs a packed script with the code that V8 compiled of it earlier: `node load-packed.cjs <script> <origin>`. Compiling is
 * most of what a start costs. What was left out of the script is looked for where `<origin>`, a file, would find it. With
 * `--compile` it runs the script up to its end and keeps what was compiled until then.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';

const [, , file, origin] = process.argv as [string, string, string, string];
const kept = `${file}.compiled`;
// Packed scripts are pure ASCII: one byte a character is quicker to read, and to keep.
const source = readFileSync(file, 'latin1');
const cachedData = existsSync(kept) ? readFileSync(kept) : undefined;
const script = new Script(`(function (exports, require, module) {${source}\n})`, {
  filename: file,
  ...(cachedData ? { cachedData } : {}),
});
if (process.argv.includes('--compile')) process.once('exit', () => writeFileSync(kept, script.createCachedData()));
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(origin), module);
