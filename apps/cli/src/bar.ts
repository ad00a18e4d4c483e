/** The line that tells of progress on a terminal: pure, so that it fits whatever is said of the terminal. */
import { humanBytes, humanCount } from '@parcelpost/shared/words.js';
import { humanDuration } from './duration.js';
import type { ExportProgress } from './export-view.js';

/** What a bar shows: what is being done, how far it is (0 to 1; unknown for a wait), and figures. */
export interface Stage {
  label: string;
  fraction: number | undefined;
  figures: string;
}

const WIDEST_BAR = 40;
const NARROWEST_BAR = 8;

const LABELS: Record<string, string> = {
  waiting: 'waiting',
  planning: 'planning',
  reading: 'reading',
  writing: 'writing files',
  bundling: 'bundling',
  decided: 'done',
};

/** An export under way. */
export function exportStage(progress: ExportProgress): Stage {
  const { phase, rows, rowsExpected, jobsDone, jobs } = progress;
  const label = LABELS[phase] ?? phase;
  if (phase === 'waiting') return { label, fraction: undefined, figures: waitingFor(progress) };
  if (phase === 'reading' && rowsExpected !== null) {
    const figures = `${humanCount(rows)} of ${humanCount(rowsExpected)} records`;
    return { label, fraction: share(rows, rowsExpected), figures };
  }
  if (phase === 'writing' || phase === 'bundling') {
    return { label, fraction: share(jobsDone, jobs), figures: `${humanCount(jobsDone)} of ${humanCount(jobs)} pieces` };
  }
  return { label, fraction: undefined, figures: rows > 0 ? `${humanCount(rows)} records` : '' };
}

/** What an export that has not begun waits for; nothing where that is not known. */
export function waitingFor({ placeInQueue, waitsFor }: Pick<ExportProgress, 'placeInQueue' | 'waitsFor'>): string {
  if (waitsFor === 'queue') return 'the queue does not answer; it begins when that is back';
  return placeInQueue ? `place ${humanCount(placeInQueue)} in the queue` : '';
}

/** A download under way. `speed` in bytes a second, undefined while nothing can be said of it. */
export function downloadStage(bytes: number, total: number, speed: number | undefined): Stage {
  const left = speed !== undefined && speed > 0 ? `, ${humanDuration(((total - bytes) / speed) * 1000)} left` : '';
  return {
    label: 'downloading',
    fraction: share(bytes, total),
    figures: `${humanBytes(bytes)} of ${humanBytes(total)}${left}`,
  };
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
}

/** Whole percent; 100 only once all is there. */
export function percent(fraction: number): number {
  return Math.floor(fraction * 100);
}

/**
 * One line, narrower than the terminal by one so that none wraps: a bar where there is room for one, figures where there
 * is room for them, the percentage in any case.
 * @param columns of the terminal
 * @param tick grows by one with each drawing; turns the wheel of a stage of unknown length
 */
export function renderBar({ label, fraction, figures }: Stage, columns: number, colour: boolean, tick = 0): string {
  const width = Math.max(4, columns - 1);
  const state = fraction === undefined ? ('|/-\\'[tick % 4] as string) : `${percent(fraction)} %`;
  const plain = [`${label} ${state}  ${figures}`.trimEnd(), `${label} ${state}`, state].find(
    (line) => line.length <= width,
  );
  const room = width - (plain ?? state).length - 3;
  if (fraction === undefined || plain === undefined || !plain.startsWith(label) || room < NARROWEST_BAR) {
    return (plain ?? state).slice(0, width);
  }
  const cells = Math.min(WIDEST_BAR, room);
  const full = Math.floor(fraction * cells);
  const paint = (code: number, text: string) => (colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  const bar = `[${paint(32, '#'.repeat(full))}${paint(2, '-'.repeat(cells - full))}]`;
  return `${label} ${bar} ${plain.slice(label.length + 1)}`;
}
