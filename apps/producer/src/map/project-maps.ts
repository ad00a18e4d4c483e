/** The small maps of projects: drawn when somebody first looks, one after the other, and kept while they are true. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Located, ProjectDirectory } from '@parcelpost/shared/db/services/project-directory.js';
import type { Logger } from '@parcelpost/shared/log.js';
import { Collector } from './collector.js';
import type { MapData } from './map-data.js';
import { mapSvg } from './map-svg.js';

const compressed = promisify(gzip);

/** A map, as it is sent. */
export interface DrawnMap {
  data: MapData;
  /** {@link MapData} as JSON, and its picture; both as gzip. */
  json: Buffer;
  svg: Buffer;
  /** Hash of the data: the same for the same picture. */
  hash: string;
}

interface Kept {
  version: string;
  map: DrawnMap;
}

/** Locations that are read at once: more where they are small, which shows in how long they take, in milliseconds. */
const FIRST_PAGE = 500;
const LARGEST_PAGE = 4000;
const QUICK_MS = 25;
/** After so long, in milliseconds, drawing gives way to whatever else the process has to do. */
const TURN_MS = 10;
/** Maps that are kept; each is some hundreds of kilobytes. */
const MOST_KEPT = 50;

export class ProjectMaps {
  readonly #kept = new Map<string, Kept>();
  readonly #drawing = new Map<string, Promise<void>>();
  /** The end of what is being drawn, and of what waits for it. */
  #last: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(
    readonly directory: ProjectDirectory,
    readonly log: Pick<Logger, 'warn' | 'info'>,
  ) {}

  /**
   * The map of a project. One that is no longer true is given once more, while a new one is drawn.
   * @param patienceMs how long to wait for the first one
   * @returns undefined where it is still being drawn
   */
  async of(projectId: string, patienceMs: number): Promise<DrawnMap | undefined> {
    const version = await this.directory.locationsVersion(projectId);
    const kept = this.#kept.get(projectId);
    if (kept?.version === version) {
      // The least recently seen goes first.
      this.#kept.delete(projectId);
      this.#kept.set(projectId, kept);
      return kept.map;
    }
    const drawn = this.#draw(projectId, version);
    if (kept) return kept.map;
    await within(patienceMs, drawn);
    return this.#kept.get(projectId)?.map;
  }

  /** Stops drawing. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#last;
  }

  /** Draws one map at a time, and each once, however many look. */
  #draw(projectId: string, version: string): Promise<void> {
    const running = this.#drawing.get(projectId);
    if (running) return running;
    const drawn = this.#last
      .then(() => this.#drawNow(projectId, version))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.log.warn({ err: error, projectId }, 'the map of a project could not be drawn');
      })
      .finally(() => this.#drawing.delete(projectId));
    this.#drawing.set(projectId, drawn);
    this.#last = drawn;
    return drawn;
  }

  /** Draws the locations of a page, giving way now and then. @returns the milliseconds that drawing took */
  async #collect(collector: Collector, locations: readonly Located[]): Promise<number> {
    let busyMs = 0;
    let begun = performance.now();
    for (const { geometry } of locations) {
      collector.add(geometry);
      const now = performance.now();
      if (now - begun < TURN_MS) continue;
      busyMs += now - begun;
      await nextTurn();
      this.#stop.signal.throwIfAborted();
      begun = performance.now();
    }
    busyMs += performance.now() - begun;
    await nextTurn();
    return busyMs;
  }

  async #drawNow(projectId: string, version: string): Promise<void> {
    const collector = new Collector();
    let position = 0;
    let size = FIRST_PAGE;
    let page = this.directory.locations(projectId, position, size);
    for (;;) {
      const locations = await page;
      this.#stop.signal.throwIfAborted();
      const last = locations.at(-1);
      if (!last) break;
      position = last.position;
      // The next ones are on their way while these are drawn.
      page = this.directory.locations(projectId, position, size);
      page.catch(() => {});
      const busyMs = await this.#collect(collector, locations);
      size = busyMs < QUICK_MS ? Math.min(2 * size, LARGEST_PAGE) : FIRST_PAGE;
    }
    const data = collector.finish();
    const text = JSON.stringify(data);
    const [json, svg] = await Promise.all([compressed(text), compressed(mapSvg(data))]);
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
    this.#kept.delete(projectId);
    this.#kept.set(projectId, { version, map: { data, json, svg, hash } });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** Waits for an end, but not for ever. */
async function within(ms: number, end: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([end, enough]);
  clearTimeout(timer);
}
