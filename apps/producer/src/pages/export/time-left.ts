/** How long an export will still take, from how quick it was; and whether it takes longer than it should. Pure. */
import type { ExportNow } from '../../actions/look-at-exports.js';

/** Before so many seconds of reading nothing is said: a first page says little of the second. */
const KNOWN_AFTER = 5;
/** So many seconds without a single record are too long; a page may take a while. */
const SILENT = 15;
/** Whoever reads at less than this share of their pace so far is late. */
const SLOW = 0.25;
/** Seconds in which a worker begins, or counts a project, where nothing is wrong. */
const BEGINS_WITHIN = 60;
/** Writing takes less time than reading; so many seconds are granted to exports of a few records. */
const WRITES_WITHIN = 20;

export interface TimeLeft {
  /** Seconds until all is read: at the better and at the worse pace of those measured. Null where it cannot be known. */
  range: { from: number; to: number } | null;
  late: boolean;
}

const UNKNOWN: TimeLeft = { range: null, late: false };
const LATE: TimeLeft = { range: null, late: true };

/** What can be said of the time that an export takes. While the queue is away nothing is said. */
export function timeLeft(now: ExportNow): TimeLeft {
  if (now.queueAway || now.cancelling) return UNKNOWN;
  if (now.state === 'waiting') {
    return now.waitsFor === 'worker' && since(now.enteredAt, now.at) > BEGINS_WITHIN ? LATE : UNKNOWN;
  }
  if (now.state !== 'running') return UNKNOWN;
  switch (now.phase) {
    case 'waiting':
    case 'planning':
      return since(now.startedAt, now.at) > BEGINS_WITHIN ? LATE : UNKNOWN;
    case 'reading':
      return reading(now);
    default:
      return now.written && now.written.seconds > now.written.readSeconds + WRITES_WITHIN ? LATE : UNKNOWN;
  }
}

function reading({ speed, rows, rowsExpected }: ExportNow): TimeLeft {
  if (!speed || rowsExpected === null || rows >= rowsExpected || speed.overall.seconds < KNOWN_AFTER) return UNKNOWN;
  const lately = speed.lately.rows / speed.lately.seconds;
  const overall = speed.overall.rows / speed.overall.seconds;
  if (lately <= 0) return speed.lately.seconds >= SILENT ? LATE : UNKNOWN;
  const left = rowsExpected - rows;
  return {
    range: { from: left / Math.max(lately, overall), to: left / Math.min(lately, overall) },
    late: lately < overall * SLOW,
  };
}

function since(moment: Date | null, now: Date): number {
  return moment === null ? 0 : (now.getTime() - moment.getTime()) / 1000;
}
