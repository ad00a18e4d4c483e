/**
 * Consistent views of a project for readers of the platform API. A view is a transaction of PostgreSQL in isolation level
 * repeatable read that does nothing but stay open, on a connection of its own; any other connection, of any producer, may
 * take the same view as long as it does. What is held open keeps the database from clearing dead rows away: so it is for a
 * bounded time, and there is a bounded number of them.
 */
import type { SnapshotRow, SnapshotService } from '@parcelpost/shared/db/services/snapshots.js';
import { isUuid } from '@parcelpost/shared/db/services/users.js';
import { ProblemError } from '@parcelpost/shared/errors.js';
import type { Logger } from '@parcelpost/shared/log.js';
import pg from 'pg';
import type { PlatformReader, Reading } from './reader.js';

export interface SnapshotOptions {
  databaseUrl: string;
  service: SnapshotService;
  /** Most views that this process holds open at once; with 0 none is ever opened. */
  most: number;
  /** How long a view is held open at most. */
  minutes: number;
  /** Between two looks at which of them are still wanted, in milliseconds. */
  sweepMs: number;
  log: Logger;
}

interface Held {
  client: pg.Client;
  id: string | undefined;
}

/** The views that this process holds open. */
export class Snapshots {
  readonly #options: SnapshotOptions;
  readonly #held = new Set<Held>();
  readonly #opening = new Map<string, Promise<SnapshotRow | undefined>>();
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;
  #again = false;

  constructor(options: SnapshotOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.sweep(), options.sweepMs);
  }

  /** How many are held open. */
  get open(): number {
    return this.#held.size;
  }

  /**
   * Opens a view of a project for a token, or finds the one that it has.
   * @returns undefined where none can be had: as many are open as may be, or the database refuses; readers go on without
   */
  openFor(jti: string, projectId: string): Promise<SnapshotRow | undefined> {
    const opening = this.#opening.get(jti) ?? this.#openFor(jti, projectId).finally(() => this.#opening.delete(jti));
    this.#opening.set(jti, opening);
    return opening;
  }

  async #openFor(jti: string, projectId: string): Promise<SnapshotRow | undefined> {
    const { service, most, log } = this.#options;
    // A token of somebody else's making may bear an id that is none of ours.
    if (most === 0 || !isUuid(jti)) return undefined;
    const existing = await service.ofToken(jti);
    if (existing) return existing;
    if (this.#held.size >= most) {
      log.info({ open: this.#held.size }, 'no snapshot is free; the reader goes on without one');
      return undefined;
    }
    return this.#hold(jti, projectId);
  }

  async #hold(jti: string, projectId: string): Promise<SnapshotRow | undefined> {
    const { service, minutes, databaseUrl, log } = this.#options;
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'parcelpost-snapshot',
      keepAlive: true,
    });
    const held: Held = { client, id: undefined };
    this.#held.add(held);
    client.on('error', (error) => {
      log.warn({ err: error, snapshot: held.id }, 'a snapshot was lost; its readers go on without one');
      void this.#close(held);
    });
    try {
      await client.connect();
      await client.query(
        `begin isolation level repeatable read read only;
         set local idle_in_transaction_session_timeout = '${minutes + 1}min'`,
      );
      const { rows } = await client.query<{ pgSnapshot: string }>('select pg_export_snapshot() as "pgSnapshot"');
      const row = await service.add({ jti, projectId, pgSnapshot: rows[0]?.pgSnapshot ?? '', minutes });
      held.id = row?.id;
      if (!row) await this.#close(held);
      return row ?? (await service.ofToken(jti));
    } catch (error) {
      log.warn({ err: error }, 'a snapshot could not be opened; the reader goes on without one');
      await this.#close(held);
      return undefined;
    }
  }

  /** Ends the views that nobody wants any more. Asked while it looks, it looks once more. */
  sweep(): Promise<void> {
    if (this.#sweeping) {
      this.#again = true;
      return this.#sweeping;
    }
    this.#sweeping = this.#round()
      .catch((error: unknown) => this.#options.log.debug({ err: error }, 'could not look which snapshots have ended'))
      .finally(() => {
        this.#sweeping = undefined;
        if (!this.#again) return;
        this.#again = false;
        return this.sweep();
      });
    return this.#sweeping;
  }

  /** Ends all of them, and the looking. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
    const held = [...this.#held];
    await this.#options.service.remove(held.flatMap(({ id }) => id ?? [])).catch(() => {});
    await Promise.all(held.map((each) => this.#close(each)));
  }

  async #round(): Promise<void> {
    const { service } = this.#options;
    await service.removeEnded();
    const held = [...this.#held].filter(({ id }) => id !== undefined);
    if (held.length === 0) return;
    const noted = await service.noted(held.map(({ id }) => id as string));
    await Promise.all(held.filter(({ id }) => !noted.has(id as string)).map((each) => this.#close(each)));
  }

  async #close(held: Held): Promise<void> {
    this.#held.delete(held);
    await held.client.end().catch(() => {});
  }
}

/**
 * The project itself, as JSON text in UTF-8, in a view that is opened for the reader where one is to be had; `snapshot` of
 * the answer names it.
 * @throws {ProblemError} 404 `project-not-found`, 403 `project-not-permitted`
 */
export async function projectInNewSnapshot(
  reader: PlatformReader,
  snapshots: Pick<Snapshots, 'openFor'>,
  reading: Reading,
  shardSize: number | undefined,
): Promise<Buffer> {
  const { projectId } = await reader.access(reading);
  const opened = await snapshots.openFor(reading.jti, projectId);
  if (opened) {
    try {
      const body = await reader.project({ ...reading, snapshot: opened.id }, shardSize);
      return withMember(body, { id: opened.id, expires_at: opened.expiresAt.toISOString() });
    } catch (error) {
      if (!(error instanceof ProblemError) || error.type !== 'snapshot-gone') throw error;
      // Noted still, but the process that held it is gone.
      await reader.snapshots.remove([opened.id]);
    }
  }
  return withMember(await reader.project(reading, shardSize), null);
}

function withMember(body: Buffer, snapshot: { id: string; expires_at: string } | null): Buffer {
  return Buffer.concat([body.subarray(0, -1), Buffer.from(`,"snapshot":${JSON.stringify(snapshot)}}`)]);
}
