/** One packed worker as a process: loaded, told to begin, at work, killed. What it tells of itself is in standby.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { PackedWorker } from './packed-worker.js';

/** What a worker says in its log once it works. */
const STARTED = '"worker started"';

export interface WorkerEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** None of them may outlive a process that ends early. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export class PackedProcess {
  state: 'loading' | 'loaded' | 'starting' | 'working' | 'ended' = 'loading';
  /** Jobs that it has taken from a queue and not yet settled there. */
  inHand = 0;
  /** Jobs that it has settled, in whatever way. */
  settled = 0;
  readonly pid: number | undefined;
  /** Resolves once it has ended and all that it told has been heard. */
  readonly ended: Promise<WorkerEnd>;
  readonly #child: ChildProcess;
  readonly #changed: () => void;

  /**
   * @param env its whole configuration
   * @param on.log gets what it prints
   * @param on.changed called at each change of its state, but for the end
   */
  constructor(
    packed: PackedWorker,
    env: Record<string, string>,
    { log, changed = () => {} }: { log(text: string): void; changed?(): void },
  ) {
    this.#changed = changed;
    this.#child = spawn(process.execPath, packed.args, {
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const child = this.#child;
    this.pid = child.pid;
    living.add(child);
    this.ended = once(child, 'close').then(([code, signal]) => {
      living.delete(child);
      this.state = 'ended';
      return { code, signal };
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log(text);
        if (this.state === 'starting' && text.includes(STARTED)) this.#become('working');
      });
    }
    this.#control.on('error', () => {}); // it was killed
    this.#control.setEncoding('latin1').on('data', (told: string) => {
      for (const sign of told) this.#hear(sign);
    });
  }

  /** Has one that is loaded begin to work. */
  begin(): void {
    this.state = 'starting';
    this.#control.write('!');
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  get #control(): Socket {
    return this.#child.stdio[3] as Socket;
  }

  #hear(sign: string): void {
    if (sign === '+') {
      this.inHand += 1;
    } else if (sign === '-') {
      this.inHand -= 1;
      this.settled += 1;
    } else if (this.state === 'loading') {
      this.#become('loaded');
    }
  }

  #become(state: 'loaded' | 'working'): void {
    this.state = state;
    this.#changed();
  }
}
