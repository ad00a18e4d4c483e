/** A caller of the producer's API, as a dashboard or a script is one. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as delay } from 'node:timers/promises';

/** An export as `GET /api/v1/exports/:id` shows it; the fields that callers of this client look at. */
export interface ExportState {
  id: string;
  state: 'waiting' | 'running' | 'completed' | 'partial' | 'failed' | 'cancelled' | 'expired';
  phase: string;
  outcome: string | null;
  generation: number;
  /** Place among the exports that wait for their turn. */
  placeInQueue: number | null;
  /** What it waits for, if it has not begun. */
  waitsFor: 'turn' | 'queue' | 'worker' | null;
  progress: { rows: number; rowsExpected: number | null; jobsDone: number; jobs: number };
  error: { code: string; message: string; step: string | null; shard: number | null; attempts: number } | null;
  warnings: string[];
  /** What onSuccess follow-ups are handed; null unless there is a bundle. */
  result: Record<string, unknown> | null;
  bundle: { name: string; bytes: number; sha256: string } | null;
  files: { name: string; rows: number | null; bytes: number; sha256: string }[];
  links: { self: string; events: string; page: string; download: string | null };
  followUps: { id: string; hook: string; position: number; task: string; state: string; attempts: number }[];
}

export class ApiClient {
  /**
   * @param url where the producer is
   * @param token what the caller proves itself with (`Authorization: Bearer`)
   */
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  /** One request, with the token. `path` may be a whole address. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.url), {
      ...init,
      headers: { authorization: `Bearer ${this.token}`, ...init.headers },
    });
  }

  /** Asks for an export of `organization/project`. Throws when the answer is not 202; the message holds it. */
  async requestExport(project: string, body: object): Promise<ExportState> {
    const [organization = '', slug = ''] = project.split('/');
    const path = `/api/v1/organizations/${encodeURIComponent(organization)}/projects/${encodeURIComponent(slug)}/exports`;
    const answer = await this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await bodyOf(answer, 202)) as ExportState;
  }

  async export(id: string): Promise<ExportState> {
    return (await bodyOf(await this.fetch(`/api/v1/exports/${id}`), 200)) as ExportState;
  }

  /** Waits until `wanted` says yes to the export's state. Throws after `timeoutMs` with the last state. */
  async waitFor(
    id: string,
    wanted: (state: ExportState) => boolean,
    { timeoutMs = 120_000, everyMs = 50 }: { timeoutMs?: number; everyMs?: number } = {},
  ): Promise<ExportState> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const state = await this.export(id);
      if (wanted(state)) return state;
      if (Date.now() > until) throw new Error(`export ${id} after ${timeoutMs / 1000} s: ${JSON.stringify(state)}`);
      await delay(everyMs);
    }
  }

  /** Waits until the export has its outcome, whatever that is. */
  waitForOutcome(id: string, options?: { timeoutMs?: number; everyMs?: number }): Promise<ExportState> {
    return this.waitFor(id, (state) => state.outcome !== null, options);
  }

  /** Writes the bundle of an export to a file. */
  async download(id: string, file: string): Promise<void> {
    const answer = await this.fetch(`/api/v1/exports/${id}/download`);
    if (answer.status !== 200 || !answer.body) await bodyOf(answer, 200);
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), createWriteStream(file));
  }
}

async function bodyOf(answer: Response, expected: number): Promise<unknown> {
  const text = await answer.text();
  if (answer.status !== expected) throw new Error(`${answer.url} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
