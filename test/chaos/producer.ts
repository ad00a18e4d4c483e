/** The one producer, at one address however often it is killed. */
import { type AppProcess, startProcess } from '../support/processes.js';

export class Producer {
  readonly url: string;
  #process: AppProcess | undefined;
  #stopped = false;

  constructor(
    readonly env: Record<string, string>,
    /** Gets what it printed, once it has ended. */
    readonly log: (text: string) => void,
  ) {
    this.url = `http://127.0.0.1:${env.PORT}`;
  }

  async start(): Promise<void> {
    this.#process = await startProcess('producer', this.env);
  }

  /** Kills it by SIGKILL and starts it again. */
  async strike(): Promise<void> {
    await this.#end();
    // Its port may take a moment to be free.
    for (let attempt = 1; !this.#stopped; attempt += 1) {
      try {
        return await this.start();
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#process?.kill('SIGKILL');
    if (this.#process) this.log(this.#process.output());
    this.#process = undefined;
  }
}
