/** What a mail of `msg.email` says, by what it was given. */
import type { ExportEnd, FollowUpInput } from '@parcelpost/shared/export-result.js';
import { failureContent, resultContent } from './email-about-export.js';
import { endedContent, faultContent } from './email-about-follow-up.js';
import type { EmailContent } from './email-parts.js';
import { singleLine } from './words.js';

/**
 * The content of a mail.
 * @param input what the follow-up got: an export's end or a value makes a mail about the export's end, a fault one about
 *   the follow-up that failed; nothing (an immutable one) a note that says neither result nor reason
 * @param end how the export ended
 * @param publicUrl base of the links to pages
 * @param subject replaces the usual subject line
 */
export function emailContent(input: FollowUpInput, end: ExportEnd, publicUrl: string, subject?: string): EmailContent {
  const content = contentOf(input, end, publicUrl);
  return subject === undefined ? content : { ...content, subject: singleLine(subject) };
}

function contentOf(input: FollowUpInput, end: ExportEnd, publicUrl: string): EmailContent {
  switch (input.kind) {
    case 'success':
      return resultContent(input.result, publicUrl);
    case 'failure':
      return failureContent(input.report, publicUrl);
    case 'value':
      return contentOf(end, end, publicUrl);
    case 'fault':
      return faultContent(input.fault, end, publicUrl);
    case 'none':
      return endedContent(end, publicUrl);
  }
}
