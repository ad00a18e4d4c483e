/** How tokens stand, remembered for a few seconds: a token that is used for every page of an export is asked for once in a while. */
import type { TokenStanding } from './guard.js';

/** How long an answer is believed, in milliseconds. News of a decision ends it sooner. */
const BELIEVED_MS = 3_000;
/** Most tokens that are remembered at once; beyond, the oldest answer goes. */
const MOST_TOKENS = 2_000;

/** What is known of a token. */
export interface KnownStanding {
  exportId: string;
  standing: TokenStanding;
}

interface Answer {
  until: number;
  known: Promise<KnownStanding | undefined>;
  exportId?: string;
}

export class TokenStandings {
  readonly #answers = new Map<string, Answer>();

  /**
   * @param find what is known of the token of this id; undefined for one that is not known, which is judged by itself alone
   * @param options.believedMs milliseconds that an answer is believed (default 3,000)
   * @param options.most tokens that are remembered at once (default 2,000)
   * @param options.now milliseconds of a clock that only goes forward
   */
  constructor(
    readonly find: (jti: string) => Promise<KnownStanding | undefined>,
    readonly options: { believedMs?: number; most?: number; now?: () => number } = {},
  ) {}

  /**
   * How a token stands. However many ask at once, one question is put for each token and interval; one that fails is put
   * again by whoever asks next.
   * @throws what `find` throws
   */
  async of(jti: string): Promise<TokenStanding> {
    const { believedMs = BELIEVED_MS, now = () => performance.now() } = this.options;
    const known = this.#answers.get(jti);
    if (known && known.until > now()) return (await known.known)?.standing ?? 'good';

    const answer: Answer = { until: now() + believedMs, known: this.find(jti) };
    this.#answers.delete(jti);
    this.#answers.set(jti, answer);
    this.#forgetOldest();
    try {
      const found = await answer.known;
      if (found) answer.exportId = found.exportId;
      return found?.standing ?? 'good';
    } catch (error) {
      if (this.#answers.get(jti) === answer) this.#answers.delete(jti);
      throw error;
    }
  }

  /** Forgets what is known of an export's tokens, as when it has been decided. Answers that are on their way are not believed. */
  forget(exportId: string): void {
    for (const [jti, answer] of this.#answers) {
      if (answer.exportId === undefined || answer.exportId === exportId) this.#answers.delete(jti);
    }
  }

  /** Tokens that are remembered. */
  get size(): number {
    return this.#answers.size;
  }

  #forgetOldest(): void {
    for (const jti of this.#answers.keys()) {
      if (this.#answers.size <= (this.options.most ?? MOST_TOKENS)) return;
      this.#answers.delete(jti);
    }
  }
}
