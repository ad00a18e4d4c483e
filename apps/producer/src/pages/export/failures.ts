/** Codes of failures, and which words a page has for them. A code that is not here is told as it came. */
import type { ExportWords } from '../words/export.js';

type Failure = keyof ExportWords['failures'];
type Fault = keyof ExportWords['followUpFaults'];

/** Of exports. */
export const FAILURES: Readonly<Record<string, Failure>> = {
  'platform-unauthorized': 'access',
  'platform-forbidden': 'access',
  'platform-not-found': 'gone',
  'bad-project-name': 'gone',
  'platform-unavailable': 'away',
  'platform-bad-answer': 'answer',
  'platform-redirect': 'answer',
  'platform-refused': 'answer',
  'foreign-link': 'answer',
  'unknown-geometry': 'answer',
  'snapshot-gone': 'changed',
  'resource-address': 'file',
  'resource-host': 'file',
  'resource-not-found': 'file',
  'resource-redirect': 'file',
  'resource-refused': 'file',
  'resource-too-large': 'file',
  'resource-unavailable': 'file',
  'resource-url': 'file',
  'too-many-columns': 'columns',
  deadline: 'late',
  'bundle-damaged': 'ours',
  'bundle-name': 'ours',
  'bundle-source': 'ours',
  'damaged-fragment': 'ours',
  incomplete: 'ours',
  internal: 'ours',
  'merge-lost': 'ours',
  'name-clash': 'step',
  'own-step': 'step',
  cancelled: 'cancelled',
};

/** Of follow-ups. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'mail-refused': 'mailRefused',
  'mail-deferred': 'mailLater',
  'mail-login-refused': 'mailLater',
  'mail-server-unreachable': 'mailLater',
  'mail-timeout': 'mailLater',
  'webhook-address-refused': 'hookRefused',
  'webhook-gone': 'hookRefused',
  'webhook-redirected': 'hookRefused',
  'webhook-refused': 'hookRefused',
  'webhook-timeout': 'hookAway',
  'webhook-unreachable': 'hookAway',
  'bad-arguments': 'request',
  'next-export-not-prepared': 'request',
  timeout: 'late',
  'bad-result': 'task',
  'result-too-large': 'task',
  'result-unfit': 'task',
  'task-failed': 'task',
  'task-removed': 'task',
  internal: 'ours',
  lost: 'ours',
  'no-end': 'ours',
  refused: 'ours',
  'unknown-key': 'ours',
  'unknown-task': 'ours',
};

/** Which words there are for why an export failed. */
export function failureKind(code: string): Failure {
  return (Object.hasOwn(FAILURES, code) ? FAILURES[code] : undefined) ?? 'other';
}

/** Which words there are for why a follow-up failed; undefined where there are none. */
export function faultKind(code: string): Fault | undefined {
  return Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
}
