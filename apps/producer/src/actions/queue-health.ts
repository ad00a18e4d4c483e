/** Whether the queues' engine answers: asked every two seconds at most, however many want to know, and nobody waits long for it. */

/** For so long one answer is believed, in milliseconds. */
const KEPT_MS = 2000;
/** For so long an answer is waited for before the last one is given, in milliseconds. */
const PATIENCE_MS = 100;

export class QueueHealth {
  #away = false;
  /** When the last answer came, or failed to. */
  #asked = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  /** @param ping rejects, in a time of its own, where the engine does not answer */
  constructor(readonly ping: () => Promise<void>) {}

  /** Whether the engine is away, as far as is known. Never throws, and takes a tenth of a second at most. */
  async isAway(): Promise<boolean> {
    if (Date.now() - this.#asked < KEPT_MS) return this.#away;
    this.#asking ??= this.#ask();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((done) => {
      timer = setTimeout(done, PATIENCE_MS);
    });
    await Promise.race([this.#asking, patience]);
    clearTimeout(timer);
    return this.#away;
  }

  async #ask(): Promise<void> {
    this.#away = await this.ping().then(
      () => false,
      () => true,
    );
    this.#asked = Date.now();
    this.#asking = undefined;
  }
}
