/** How long each part takes, and the most memory that the process had meanwhile. */
import { mib, seconds, table } from '../bench/table.js';

const LOOK_MS = 25;

export class Measured {
  readonly #rows: string[][] = [];

  constructor(readonly log: (line: string) => void) {}

  /** Runs a part. @param what what it does, and to what */
  async part<T>(what: string, run: () => Promise<T>): Promise<T> {
    const start = performance.now();
    let peak = process.memoryUsage.rss();
    const look = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, LOOK_MS);
    try {
      return await run();
    } finally {
      clearInterval(look);
      peak = Math.max(peak, process.memoryUsage.rss());
      const row = [what, seconds((performance.now() - start) / 1000), mib(peak / 2 ** 20)];
      this.#rows.push(row);
      this.log(`  ${row.join('  ')}`);
    }
  }

  /** All parts so far, as a table. */
  get table(): string {
    return table(['part', 'time', 'memory of this process, peak'], this.#rows);
  }
}
