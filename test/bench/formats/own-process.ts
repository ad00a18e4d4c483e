/** Node processes of the bench, and what they print in the end. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../support/root.js';

/**
 * Runs a built module of this folder with one JSON argument. @returns the JSON of its last line
 * @param flags of Node, such as --cpu-prof
 * @throws with what it said, where it fails
 */
export async function runProcess<T>(module: string, task: unknown, flags: readonly string[] = []): Promise<T> {
  const file = fileURLToPath(new URL(`test/dist/test/bench/formats/${module}.js`, `file://${ROOT}`));
  const child = spawn(process.execPath, [...flags, file, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, said] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  if (code !== 0) throw new Error(`${module} of ${JSON.stringify(task)} ended with ${code}: ${said}`);
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as T;
}
