/**
 * How an export stands, in words of a language and in figures: what its page shows, its JSON tells, and its events bring. Made
 * of nothing but what is known of the export at that moment, so that all of them say the same.
 */
import type { StepCourse } from '@parcelpost/shared/db/services/export-course.js';
import type { ExportState } from '@parcelpost/shared/db/services/exports.js';
import type { Language } from '@parcelpost/shared/languages.js';
import type { ExportNow, WaitsFor } from '../../actions/look-at-exports.js';
import { fill, type Speech, speech } from '../intl.js';
import { EXPORT, type ExportWords } from '../words/export.js';
import { failureKind } from './failures.js';
import { timeLeft } from './time-left.js';

/** What an export is doing, or came to: a state, or a part of one that people would want to know. */
export type Title = keyof ExportWords['titles'];

export interface StepStatus extends Pick<StepCourse, 'kind' | 'step' | 'rows' | 'rowsExpected' | 'jobsDone' | 'jobs'> {
  name: string;
  /** A letter for each part; see {@link StepCourse.shards}. */
  shards: string;
  /** `3 of 8 parts`, what these are doing, and `2,500 of 20,000 records` (empty where it reads none). */
  words: { parts: string; doing: string; records: string };
}

export interface Status {
  id: string;
  state: ExportState;
  /** The state, and what it is doing within it. */
  doing: Title;
  /** Changes with all that the page shows beside progress: a page of another version is to be loaded again. */
  version: string;
  words: {
    title: string;
    explanation: string;
    /** What the reader can do; null where there is nothing. */
    next: string | null;
    /** Place in the queue, time left, lateness and latest end: as far as there is something to say. */
    time: string;
    progress: string;
    /** Of the queue, where that does not answer. */
    notice: string | null;
  };
  progress: {
    /** Of the whole work, from 0 to 100; null where it cannot be known. */
    percent: number | null;
    rows: number;
    rowsExpected: number | null;
    jobsDone: number;
    jobs: number;
  };
  /** Seconds until all is read, at the best and at the worst; null where that cannot be known. */
  secondsLeft: { from: number; to: number } | null;
  late: boolean;
  placeInQueue: number | null;
  waitsFor: WaitsFor | null;
  queueAway: boolean;
  deadlineAt: string | null;
  steps: StepStatus[];
  error: { code: string; message: string; what: string; todo: string } | null;
  followUps: { open: number; ended: number };
}

/** Of the whole work, what reading is: most of it. */
const READING_SHARE = 0.85;

/** How an export stands, told in a language. */
export function statusOf(now: ExportNow, language: Language): Status {
  const words = EXPORT[language];
  const say = speech(language);
  const doing = titleOf(now);
  const open = isOpen(now.state);
  const { range, late } = timeLeft(now);
  const percent = percentOf(now);
  const steps = open || now.state === 'failed' ? now.steps.map((step) => stepStatus(step, words, say)) : [];
  const secondsLeft = range && { from: Math.ceil(range.from), to: Math.ceil(range.to) };
  return {
    id: now.id,
    state: now.state,
    doing,
    version: [now.generation, doing, now.queueAway ? 1 : 0, steps.length, now.followUps.open, now.followUps.ended].join(
      '.',
    ),
    words: {
      title: words.titles[doing],
      explanation: words.explanations[doing],
      next: nextWord(now, words),
      time: timeWords(now, secondsLeft, late, words, say),
      progress: open ? progressWords(now, percent, words, say) : '',
      notice: now.queueAway ? words.queueAway : null,
    },
    progress: { percent, rows: now.rows, rowsExpected: now.rowsExpected, jobsDone: now.jobsDone, jobs: now.jobs },
    secondsLeft,
    late,
    placeInQueue: now.placeInQueue,
    waitsFor: now.waitsFor,
    queueAway: now.queueAway,
    deadlineAt: open ? now.deadlineAt.toISOString() : null,
    steps,
    error: now.error && {
      code: now.error.code,
      message: now.error.message,
      ...words.failures[failureKind(now.error.code)],
    },
    followUps: now.followUps,
  };
}

/** Whether an export has no outcome yet. */
export function isOpen(state: ExportState): boolean {
  return state === 'waiting' || state === 'running';
}

/** What an export is doing, or came to. */
export function titleOf({
  state,
  phase,
  cancelling,
  waitsFor,
}: Pick<ExportNow, 'state' | 'phase' | 'cancelling' | 'waitsFor'>): Title {
  if (!isOpen(state)) return state as Exclude<ExportState, 'waiting' | 'running'>;
  if (cancelling) return 'cancelling';
  if (state === 'waiting') return `waiting-${waitsFor ?? 'worker'}`;
  return phase === 'reading' || phase === 'writing' || phase === 'bundling' ? phase : 'planning';
}

/** How much of the whole work is done. It may fall: a shard whose worker died is read anew. */
function percentOf(now: ExportNow): number | null {
  if (now.state === 'completed' || now.state === 'partial') return 100;
  if (now.state === 'waiting') return 0;
  if (now.state !== 'running') return null;
  const read = now.rowsExpected === null ? 0 : now.rowsExpected === 0 ? 1 : Math.min(1, now.rows / now.rowsExpected);
  if (now.phase !== 'writing' && now.phase !== 'bundling') return Math.floor(read * READING_SHARE * 100);
  const rest = now.steps.filter(({ kind }) => kind === 'reduce' || kind === 'merge');
  const jobs =
    rest.reduce((sum, { jobs: more }) => sum + more, 0) + (rest.some(({ kind }) => kind === 'merge') ? 0 : 1);
  const done = rest.reduce((sum, { jobsDone }) => sum + jobsDone, 0);
  return Math.min(99, Math.floor((READING_SHARE + (1 - READING_SHARE) * (done / jobs)) * 100));
}

function nextWord({ state }: ExportNow, { next }: ExportWords): string | null {
  switch (state) {
    case 'waiting':
    case 'running':
      return next.wait;
    case 'completed':
      return next.download;
    case 'partial':
      return next.downloadAndRetry;
    case 'failed':
    case 'cancelled':
      return next.retry;
    case 'expired':
      return next.again;
  }
}

function progressWords(now: ExportNow, percent: number | null, words: ExportWords, say: Speech): string {
  const share =
    percent === null || now.state === 'waiting' ? null : fill(words.percent, { percent: say.percent(percent / 100) });
  const records =
    now.rowsExpected === null
      ? now.rows > 0 && say.plural(now.rows, words.records)
      : fill(say.plural(now.rowsExpected, words.recordsOf), { read: say.number(now.rows) });
  return [share, records].filter(Boolean).join(' · ');
}

function timeWords(
  now: ExportNow,
  left: Status['secondsLeft'],
  late: boolean,
  words: ExportWords,
  say: Speech,
): string {
  if (!isOpen(now.state)) return '';
  const { placeInQueue: place } = now;
  const sentences = [
    place !== null && (place === 1 ? words.placeNext : fill(words.place, { count: say.number(place) })),
    left && leftWords(left, words, say),
    late && words.late,
    fill(words.deadline, { time: say.moment(now.deadlineAt) }),
  ];
  return sentences.filter(Boolean).join(' ');
}

function leftWords({ from, to }: { from: number; to: number }, words: ExportWords, say: Speech): string {
  const [least, most] = [say.duration(from * 1000), say.duration(to * 1000)];
  return least === most || to < from * 1.5
    ? fill(words.leftAbout, { time: most })
    : fill(words.leftRange, { from: least, to: most });
}

function stepStatus(step: StepCourse, words: ExportWords, say: Speech): StepStatus {
  const counts = [...'drawfx'].flatMap((letter) => {
    const count = step.shards.split(letter).length - 1;
    return count > 0 ? say.plural(count, words.partStates[letter as keyof ExportWords['partStates']]) : [];
  });
  const { kind, rows, rowsExpected, jobsDone, jobs, shards } = step;
  return {
    kind,
    step: step.step,
    name: stepName(step, words),
    rows,
    rowsExpected,
    jobsDone,
    jobs,
    shards,
    words: {
      parts: fill(say.plural(jobs, words.partsOf), { done: say.number(jobsDone) }),
      doing: say.list(counts),
      records:
        kind !== 'map'
          ? ''
          : rowsExpected === null
            ? say.plural(rows, words.records)
            : fill(say.plural(rowsExpected, words.recordsOf), { read: say.number(rows) }),
    },
  };
}

/** A step as people would call it; one of an installation's own by its name. */
export function stepName({ kind, step }: Pick<StepCourse, 'kind' | 'step'>, words: ExportWords): string {
  if (kind === 'plan') return words.plan;
  if (kind === 'merge') return words.merge;
  if (kind === 'map') {
    const entity = Object.hasOwn(words.entities, step) ? words.entities[step as keyof ExportWords['entities']] : step;
    return fill(words.read, { what: entity });
  }
  return step === 'references' ? words.makeReferences : fill(words.make, { what: step });
}
