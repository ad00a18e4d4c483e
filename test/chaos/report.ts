import type { RoundResult } from './round.js';

/** Whether every promise was kept. */
export const held = ({ promises }: Pick<RoundResult, 'promises'>): boolean =>
  promises.every(({ broken }) => broken.length === 0);

/** Cases shown of each broken promise. */
const SHOWN = 10;

const counts = (of: Iterable<[string, number]>) =>
  [...of]
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ') || 'none';

/** What a round came to, as a table for people. */
export function table(result: RoundResult): string {
  const { kills, releases, cancels, queue, seconds } = result;
  const rows: [string, string][] = [
    ['exports', counts(Object.entries(result.outcomes))],
    ['lists released', `${releases.onSuccess} onSuccess, ${releases.onFailure} onFailure`],
    ['follow-ups', `${result.followUps} calls, ${result.chords} chords`],
    ['run more than once', `${result.repeated} webhooks came again under the same webhook-id (allowed)`],
    ['bundles verified', String(result.bundles)],
    ['cancelled', `${cancels.asked} asked, ${cancels.honoured} honoured, ${cancels.late} came too late`],
    ['tried again', `${result.retries} exports`],
    [
      'workers killed',
      `${kills.all}, one every ${Math.round((seconds * 1000) / Math.max(1, kills.all))} ms; ${kills.atWork} of them with ${kills.jobs} jobs in hand`,
    ],
    ['producer killed', `${result.producerKills} times; ${result.repeats} requests sent again`],
    ['jobs taken over', `${queue.stalls} stalls`],
    ['jobs failed', counts(queue.failed)],
    ['jobs left', counts(queue.left)],
    ['seconds', `${seconds.toFixed(1)} (seed ${result.seed})`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const promises = result.promises.flatMap(({ promise, broken }) => [
    `${broken.length === 0 ? 'kept  ' : 'BROKEN'}  ${promise}${broken.length === 0 ? '' : ` (${broken.length})`}`,
    ...broken.slice(0, SHOWN).map((example) => `          ${example}`),
  ]);
  return [...lines, '', ...promises].join('\n');
}
