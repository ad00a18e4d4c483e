/** The places of waiting exports, for whoever looks: all that wait are ranked once a second at most, however many look. */
import type { Database } from '../database.js';
import { placesInQueue } from './admission.js';

/** For so long one ranking is answered with. */
const KEPT_MS = 1000;
/** As many places are held in memory. */
const MOST = 100_000;

interface Ranking {
  places: Promise<Map<string, number>>;
  /** By the clock of `performance`; without end while it is being made. */
  until: number;
}

export class PlacesInQueue {
  readonly #keptMs: number;
  readonly #most: number;
  #ranking: Ranking | undefined;

  /** @param options `keptMs`: default {@link KEPT_MS}; `most`: places that are known, default {@link MOST} */
  constructor(
    readonly db: Database,
    { keptMs = KEPT_MS, most = MOST }: { keptMs?: number; most?: number } = {},
  ) {
    this.#keptMs = keptMs;
    this.#most = most;
  }

  /**
   * The place of an export, from 1, as it was a second ago at most.
   * @returns null where it does not wait, has begun to within this second, or is behind all places that are known
   * @throws what the database throws; the next call asks it again
   */
  async of(exportId: string): Promise<number | null> {
    if (!this.#ranking || this.#ranking.until <= performance.now()) this.#ranking = this.#rank();
    return (await this.#ranking.places).get(exportId) ?? null;
  }

  #rank(): Ranking {
    const ranking: Ranking = {
      until: Number.POSITIVE_INFINITY,
      places: placesInQueue(this.db, this.#most).finally(() => {
        ranking.until = performance.now() + this.#keptMs;
      }),
    };
    ranking.places.catch(() => {
      ranking.until = 0;
    });
    return ranking;
  }
}
