/** Mails that are not about an export's end: that a follow-up failed, and that it is time, without more. */
import type { ExportEnd, FollowUpFault } from '@parcelpost/shared/export-result.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import { humanCount } from '@parcelpost/shared/words.js';
import { type AboutExport, askedFor, commonContent, type EmailContent } from './email-parts.js';
import { humanTime, singleLine } from './words.js';

const BUTTON = 'Open the export’s page';

/** The mail that an onFailure sends: which follow-up failed and why, and that the export is what it was. */
export function faultContent(fault: FollowUpFault, end: ExportEnd, publicUrl: string): EmailContent {
  const about = aboutOf(end);
  const title = `A follow-up of the export of ${singleLine(about.project.name)} failed`;
  const task = singleLine(fault.step ?? 'a follow-up');
  const facts: [string, string][] = [
    ['Follow-up', task],
    ['What happened', singleLine(fault.message)],
    ['Place', singleLine(fault.place)],
  ];
  if (fault.attempts > 1) facts.push(['Tries', humanCount(fault.attempts)]);
  facts.push(
    ['Kind', singleLine(fault.code)],
    ['Failed', humanTime(fault.finishedAt)],
    ['The export', exportWords(end)],
  );
  return {
    ...commonContent(about, publicUrl),
    subject: title,
    heading: title,
    lead: `${askedFor(about)} After it, ${task} was to be done, and could not be. The export itself is what it was: ${exportWords(end)}.`,
    button: { text: BUTTON, url: exportPageUrl(publicUrl, about.exportId) },
    hint: 'The page shows the export and its follow-ups. The link works as often as it is needed.',
    facts,
    notes: [
      {
        title: 'What to do',
        lines: [
          `Once the reason is put right, those who run this service can have it done after all; its reference is ${singleLine(fault.followUpId)}.`,
        ],
      },
    ],
  };
}

/** The mail of an immutable follow-up: nothing that the export left, good or bad. */
export function endedContent(end: ExportEnd, publicUrl: string): EmailContent {
  const about = aboutOf(end);
  const title = `Export of ${singleLine(about.project.name)} has ended`;
  return {
    // The result's own links are of the result too.
    ...commonContent({ ...about, links: [] }, publicUrl),
    subject: title,
    heading: title,
    lead: askedFor(about),
    button: { text: BUTTON, url: exportPageUrl(publicUrl, about.exportId) },
    hint: 'The page shows what came of it. The link works as often as it is needed.',
    facts: [],
  };
}

function aboutOf(end: ExportEnd): AboutExport {
  return end.kind === 'success' ? end.result : end.report;
}

function exportWords(end: ExportEnd): string {
  switch (end.kind === 'success' ? end.result.outcome : end.report.outcome) {
    case 'completed':
      return 'ready';
    case 'partial':
      return 'ready, but not whole';
    case 'failed':
      return 'failed';
    case 'cancelled':
      return 'cancelled';
  }
}
