/**
 * Runs a packed script with the code that V8 compiled of it earlier: `node load.cjs <script> <origin>`. Compiling is most of
 * what a short life costs. What was left out of the script is looked for where `<origin>`, a file, would find it. With
 * `--compile` it keeps, when the process ends in good order, all code that was compiled until then.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import v8 from 'node:v8';
import { Script } from 'node:vm';

const [, , file, origin] = process.argv as [string, string, string, string];
const kept = `${file}.compiled`;
// Packed scripts are pure ASCII: one byte a character is quicker to read, and to keep.
const source = readFileSync(file, 'latin1');
const cachedData = existsSync(kept) ? readFileSync(kept) : undefined;
const script = new Script(`(function (exports, require, module, importModule) {${source}\n})`, {
  filename: file,
  ...(cachedData ? { cachedData } : {}),
});
if (process.argv.includes('--compile')) keepCompiled();
const module = { exports: {} };
// Code that was compiled beforehand has lost by whom it imports (ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING).
const importModule = (specifier: string) => import(specifier);
script.runInThisContext()(module.exports, createRequire(origin), module, importModule);

function keepCompiled(): void {
  // Code that was not run for a while is thrown away otherwise.
  const { setFlagsFromString } = v8;
  setFlagsFromString('--no-flush-bytecode');
  // Code is taken only by a process that has the flags of the one that kept it: those of its start.
  v8.setFlagsFromString = () => {};
  process.once('exit', () => {
    setFlagsFromString('--flush-bytecode');
    writeFileSync(kept, script.createCachedData());
  });
}
