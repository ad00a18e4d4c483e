/** The workers: so many that work, and a few more that are loaded and take the place of one that was killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@parcelpost/infra/samples/random.js';
import type { PackedWorker } from './packed-worker.js';

/** What a worker says in its log once it works. */
const STARTED = '"worker started"';

export interface FleetOptions {
  packed: PackedWorker;
  /** The workers' whole configuration. */
  env: Record<string, string>;
  /** Workers at work at once. */
  working: number;
  /** Workers that are loaded and wait. */
  reserve: number;
  /** Gets what the workers print. */
  log(text: string): void;
}

interface Member {
  process: ChildProcess;
  /** `loading`, `reserve`: loaded. `starting`: told to begin. */
  state: 'loading' | 'reserve' | 'starting' | 'working' | 'killed';
  /** Jobs that it has taken from a queue and not yet settled there. */
  inHand: number;
  ended: Promise<void>;
}

export interface Kills {
  all: number;
  /** Of these, how many had jobs in hand. */
  atWork: number;
  /** Jobs that they had in hand. */
  jobs: number;
}

/** None of them may outlive a process that ends early. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export class Fleet {
  readonly kills: Kills = { all: 0, atWork: 0, jobs: 0 };
  /** Workers that ended without being told to, and how. */
  readonly deserted: string[] = [];
  readonly #options: FleetOptions;
  #members: Member[] = [];
  #stopped = false;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Resolves when all that are to work do. Throws when they do not within a minute. */
  async start(): Promise<void> {
    this.#fill();
    const until = Date.now() + 60_000;
    while (this.#in('working').length < this.#options.working) {
      if (Date.now() > until) throw new Error(`the workers do not start; ${this.deserted.join('; ')}`);
      await delay(20);
    }
  }

  /**
   * Kills one of the workers, by SIGKILL, and has another take its place. Of all places one is drawn; where its worker has
   * only just been started and does not work yet, it is spared, so that none dies more often than it is asked to.
   * @returns whether it was killed
   */
  async kill(random: Random): Promise<boolean> {
    const member = this.#in('working')[random.int(1, this.#options.working) - 1];
    if (!member) return false;
    member.state = 'killed';
    member.process.kill('SIGKILL');
    this.#fill();
    // What it told before its end is read to the end by then.
    await member.ended;
    this.kills.all += 1;
    this.kills.jobs += member.inHand;
    if (member.inHand > 0) this.kills.atWork += 1;
    return true;
  }

  /** Kills them all. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const members = this.#members;
    for (const member of members) {
      member.state = 'killed';
      member.process.kill('SIGKILL');
    }
    await Promise.all(members.map(({ ended }) => ended));
  }

  #in(...states: Member['state'][]): Member[] {
    return this.#members.filter(({ state }) => states.includes(state));
  }

  /** Brings the fleet to its size: those in reserve begin, and others are loaded in their place. */
  #fill(): void {
    if (this.#stopped) return;
    const { working, reserve } = this.#options;
    const wanted = working - this.#in('starting', 'working').length;
    for (const member of this.#in('reserve').slice(0, Math.max(0, wanted))) {
      member.state = 'starting';
      (member.process.stdio[3] as Socket).write('!');
    }
    const missing = working + reserve - this.#in('loading', 'reserve', 'starting', 'working').length;
    for (let left = missing; left > 0; left -= 1) this.#load();
  }

  #load(): void {
    const { packed, env, log } = this.#options;
    const child = spawn(process.execPath, packed.args, {
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    living.add(child);
    const ended = once(child, 'close').then(([code, signal]) => {
      living.delete(child);
      this.#members = this.#members.filter((other) => other !== member);
      if (member.state === 'killed') return;
      this.deserted.push(`worker ${child.pid}: ${signal ?? `code ${code}`}, ${member.state}`);
      setTimeout(() => this.#fill(), 100);
    });
    const member: Member = { process: child, state: 'loading', inHand: 0, ended };
    this.#members.push(member);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log(text);
        if (member.state === 'starting' && text.includes(STARTED)) member.state = 'working';
      });
    }
    const control = child.stdio[3] as Socket;
    control.on('error', () => {}); // it was killed
    control.setEncoding('latin1').on('data', (told: string) => {
      for (const sign of told) {
        if (sign === '+') member.inHand += 1;
        else if (sign === '-') member.inHand -= 1;
        else if (member.state === 'loading') {
          member.state = 'reserve';
          this.#fill();
        }
      }
    });
  }
}
