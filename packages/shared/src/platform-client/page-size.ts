/** Successes in a row after which a page size that was halved is tried doubled again. */
const GROW_AFTER = 8;
/** How far a page size is ever halved, as a part of the one asked for. */
const SMALLEST_PART = 8;

/**
 * How many records to ask for at once. Halved when the platform was too slow or broke over a page, down to an eighth of
 * the size asked for, and grown back slowly. A maximum page size that the platform imposes is learned and kept to.
 */
export class PageSize {
  #current: number;
  #ceiling: number;
  #successes = 0;
  #lastShort: number | undefined;
  readonly #smallest: number;

  /** `asked`: records per page at best, 1 or more. */
  constructor(asked: number) {
    this.#current = asked;
    this.#ceiling = asked;
    this.#smallest = Math.max(1, Math.floor(asked / SMALLEST_PART));
  }

  get current(): number {
    return this.#current;
  }

  /** A page of `limit` records failed by overload: half of it is what may be tried. Several that fail together halve once. */
  failed(limit: number): void {
    this.#successes = 0;
    const half = Math.max(Math.min(this.#smallest, this.#ceiling), Math.floor(limit / 2));
    this.#current = Math.min(this.#current, half);
  }

  /**
   * A page of `limit` records was answered with `got`; `more` says that the list goes on behind it.
   * Two equally short answers in a row are the platform's maximum, one alone may be chance.
   */
  answered(limit: number, got: number, more: boolean): void {
    if (more && got > 0 && got < limit) {
      if (got === this.#lastShort) {
        this.#ceiling = Math.min(this.#ceiling, got);
        this.#current = Math.min(this.#current, got);
      }
      this.#lastShort = got;
    }
    if (limit < this.#current) return;
    if (++this.#successes >= GROW_AFTER && this.#current < this.#ceiling) {
      this.#current = Math.min(this.#ceiling, this.#current * 2);
      this.#successes = 0;
    }
  }
}
