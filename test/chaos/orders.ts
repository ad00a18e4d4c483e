/** What is asked for in a round: exports of many kinds, each with follow-ups of its own, all made up from one seed. */
import type { Random } from '@parcelpost/infra/samples/random.js';
import { ALL_KINDS, API_TOKEN, type Kind } from './platform.js';
import { followUps, type Lists } from './recipes.js';

/** Of a hundred exports, about so many are of each kind. */
const SHARES: Record<Kind, number> = {
  plain: 50,
  large: 6,
  slow: 8,
  shaky: 6,
  failing: 14,
  uncountable: 6,
  partial: 10,
};
const CANCELLED_SHARE = 0.12;

export interface Order {
  number: number;
  project: string;
  /** Body of the request. */
  body: { apiToken: string } & Lists & Record<string, unknown>;
  /** When to ask for its end, in milliseconds after the request; undefined: never. */
  cancelAfterMs: number | undefined;
}

/**
 * The orders of a round, each different from all others; the same seed makes the same ones.
 * @param hookUrl where webhooks are to go, by path
 */
export function planOrders(count: number, random: Random, hookUrl: (path: string) => string): Order[] {
  const drawn = ALL_KINDS.flatMap((kind) => Array<Kind>(SHARES[kind]).fill(kind));
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    // The first are one of each kind, so that a short round has them all.
    const kind = ALL_KINDS[index] ?? random.pick(drawn);
    const format = random.next() < 0.3 ? { outputType: 'shp' } : { formats: ['csv'] };
    const allowed = kind === 'partial' ? { allowPartial: true } : {};
    const lists = followUps(random, number, (list, label) => hookUrl(`/${number}/${list}/${label}`));
    return {
      number,
      project: `${kind}-${number}`,
      body: { ...format, ...allowed, apiToken: API_TOKEN, ...lists },
      cancelAfterMs: index >= ALL_KINDS.length && random.next() < CANCELLED_SHARE ? random.int(0, 3000) : undefined,
    };
  });
}
