/** The workers: so many that work, and a few more that are loaded and take the place of one that was killed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@parcelpost/infra/samples/random.js';
import { PackedProcess } from './packed-process.js';
import type { PackedWorker } from './packed-worker.js';

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

export interface Kills {
  all: number;
  /** Of these, how many had jobs in hand. */
  atWork: number;
  /** Jobs that they had in hand. */
  jobs: number;
}

/** Before another takes the place of one that ended by itself, in milliseconds. */
const AFTER_END_MS = 100;

export class Fleet {
  readonly kills: Kills = { all: 0, atWork: 0, jobs: 0 };
  /** Workers that ended without being killed by us, and how. */
  readonly deserted: string[] = [];
  readonly #options: FleetOptions;
  readonly #members = new Set<PackedProcess>();
  readonly #condemned = new Set<PackedProcess>();
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
   * not settled a single job yet, it is spared: however slow the machine, each life brings the work on.
   * @returns whether one was killed
   */
  async kill(random: Random): Promise<boolean> {
    const member = this.#in('working')[random.int(1, this.#options.working) - 1];
    if (!member?.settled) return false;
    this.#condemn(member);
    this.#fill();
    await member.ended;
    this.kills.all += 1;
    this.kills.jobs += member.inHand;
    if (member.inHand > 0) this.kills.atWork += 1;
    return true;
  }

  /** Ends them all. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const members = [...this.#members];
    for (const member of members) this.#condemn(member, this.#options.packed.keepsCode ? 'SIGTERM' : 'SIGKILL');
    await Promise.all(members.map(({ ended }) => ended));
  }

  #condemn(member: PackedProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#condemned.add(member);
    member.kill(signal);
  }

  #in(...states: PackedProcess['state'][]): PackedProcess[] {
    return [...this.#members].filter((member) => states.includes(member.state) && !this.#condemned.has(member));
  }

  /** Brings the fleet to its size: those in reserve begin, and others are loaded in their place. */
  #fill(): void {
    if (this.#stopped) return;
    const { working, reserve } = this.#options;
    const wanted = working - this.#in('starting', 'working').length;
    for (const member of this.#in('loaded').slice(0, Math.max(0, wanted))) member.begin();
    const missing = working + reserve - this.#in('loading', 'loaded', 'starting', 'working').length;
    for (let left = missing; left > 0; left -= 1) this.#load();
  }

  #load(): void {
    const { packed, env, log } = this.#options;
    const member = new PackedProcess(packed, env, { log, changed: () => this.#fill() });
    this.#members.add(member);
    void member.ended.then(({ code, signal }) => {
      this.#members.delete(member);
      if (this.#condemned.delete(member)) return;
      this.deserted.push(`worker ${member.pid} ended by itself: ${signal ?? `code ${code}`}`);
      setTimeout(() => this.#fill(), AFTER_END_MS);
    });
  }
}
