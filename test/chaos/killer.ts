/** Kills workers at random moments, and now and then the producer, until it is told to stop. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@parcelpost/infra/samples/random.js';
import type { Fleet } from './fleet.js';
import type { Producer } from './producer.js';

export interface KillerOptions {
  fleet: Fleet;
  producer: Producer;
  /** Milliseconds between two kills of a worker, on average. */
  everyMs: number;
  /** Kills of workers for each of the producer. */
  producerEvery: number;
  random: Random;
}

export class Killer {
  producerKills = 0;
  readonly #options: KillerOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #producer: Promise<void> | undefined;
  #failure: unknown;

  constructor(options: KillerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Stops, and waits until a producer that was killed is back. Throws when it did not come back. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#producer;
    if (this.#failure) throw this.#failure;
  }

  async #run(): Promise<void> {
    const { fleet, everyMs, producerEvery, random } = this.#options;
    const { signal } = this.#stop;
    // Moments are fixed beforehand, so that the time that a kill takes makes no later one late.
    let due = Date.now();
    while (!signal.aborted) {
      due += -Math.log(1 - random.next()) * everyMs;
      await delay(Math.max(0, due - Date.now()), undefined, { signal }).catch(() => {});
      if (signal.aborted || !(await fleet.kill(random))) continue;
      if (fleet.kills.all % producerEvery === producerEvery - 1) this.#strikeProducer();
    }
  }

  #strikeProducer(): void {
    if (this.#producer) return;
    this.producerKills += 1;
    this.#producer = this.#options.producer
      .strike()
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#producer = undefined;
      });
  }
}
