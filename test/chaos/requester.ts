/** The people who ask: through the producer's API, and again where it was killed before it could answer. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Order } from './orders.js';
import { API_TOKEN, ORGANIZATION } from './platform.js';

/** What became of asking for an export's end: `late` where it had its outcome already. */
export type CancelAnswer = 'accepted' | 'late';

const AGAIN_MS = 100;
/** Statuses of a producer that cannot answer now: its database or its queue is away. */
const NOT_NOW = new Set([500, 502, 503, 504]);

export class Requester {
  /** Requests that had to be sent again, since no answer came. */
  repeats = 0;

  /**
   * @param url of the producer
   * @param token of the one who asks
   */
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  /** Asks for an export, once, however often it has to be sent. @returns its id */
  async ask({ number, project, body }: Order): Promise<string> {
    const path = `/api/v1/organizations/${ORGANIZATION}/projects/${project}/exports`;
    const { status, json } = await this.#send('POST', path, body, { 'idempotency-key': `"order-${number}"` });
    if (status !== 202) throw new Error(`order ${number} was answered ${status}: ${JSON.stringify(json)}`);
    return String(json.id);
  }

  async cancel(id: string): Promise<CancelAnswer> {
    const { status, json } = await this.#send('DELETE', `/api/v1/exports/${id}`);
    if (status === 202) return 'accepted';
    if (status === 409) return 'late';
    throw new Error(`cancelling ${id} was answered ${status}: ${JSON.stringify(json)}`);
  }

  /** Has an export tried again. */
  async retry(id: string): Promise<void> {
    const { status, json } = await this.#send('POST', `/api/v1/exports/${id}/retry`, { apiToken: API_TOKEN });
    // One that was sent before, and whose answer was lost, has done it already.
    if (status !== 202 && status !== 409)
      throw new Error(`retrying ${id} was answered ${status}: ${JSON.stringify(json)}`);
  }

  async #send(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; json: Record<string, unknown> }> {
    for (;;) {
      try {
        const answer = await fetch(`${this.url}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${this.token}`,
            ...(body && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body && { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(20_000),
        });
        const json = (await answer.json()) as Record<string, unknown>;
        const busy = String(json.type).endsWith('idempotency-key-busy');
        if (!NOT_NOW.has(answer.status) && !busy) return { status: answer.status, json };
      } catch {
        // Nobody answers: the producer was killed, and is being started again.
      }
      this.repeats += 1;
      await delay(AGAIN_MS);
    }
  }
}
