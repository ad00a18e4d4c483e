/** Has a deed done by a process that dies right before its nth statement; see dies-at-statement.mjs. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './root.js';

const SCRIPT = join(ROOT, 'test/support/dies-at-statement.mjs');
/** Processes at a time: most of what one takes is to start. */
export const AT_ONCE = 4;

/** @returns `died`; or how many statements the deed took, which it came to the end of */
function doUntil(order: object, nth: number): Promise<'died' | number> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [SCRIPT, JSON.stringify({ ...order, nth })], (error, stdout, stderr) => {
      if (error?.signal === 'SIGKILL') resolve('died');
      else if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(Number(stdout));
    });
  });
}

/**
 * Has a deed done again and again, each time killed one statement later, until it comes to its end.
 * @param prepare makes what one deed is done to; its order goes to the process
 * @param look is called with what was prepared, and whether the deed was killed
 * @returns how many statements the deed takes
 */
export async function killBetweenStatements<Case extends { order: object }>(
  prepare: () => Promise<Case>,
  look: (one: Case, killed: boolean, nth: number) => Promise<void>,
): Promise<number> {
  for (let first = 1; ; first += AT_ONCE) {
    const ends = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, index) => {
        const one = await prepare();
        const end = await doUntil(one.order, first + index);
        await look(one, end === 'died', first + index);
        return end;
      }),
    );
    const taken = ends.find((end) => end !== 'died');
    if (taken !== undefined) return taken as number;
  }
}
