/** Mails about how an export ended: with a bundle, whole or not, or without one. */
import type { ExportFailureReport, ExportResult, MissingPart } from '@parcelpost/shared/export-result.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import { humanBytes, humanCount } from '@parcelpost/shared/words.js';
import { askedFor, commonContent, type EmailContent } from './email-parts.js';
import { humanTime, singleLine } from './words.js';

/** A mail stays a mail: longer lists end here, and say so. The bundle's README.txt and manifest.json have all of it. */
const LISTED = 40;

/** The mail about a bundle. */
export function resultContent(result: ExportResult, publicUrl: string): EmailContent {
  const partial = result.outcome === 'partial';
  const title = `Export of ${singleLine(result.project.name)} is ${partial ? 'ready, but not whole' : 'ready'}`;
  return {
    ...commonContent(result, publicUrl),
    subject: title,
    heading: title,
    lead: partial
      ? `${askedFor(result)} The bundle can be downloaded, but parts of it are missing; they are named below. “Try again” on the export’s page asks for those alone, as long as the others are kept.`
      : `${askedFor(result)} The bundle can be downloaded from its page.${result.unchanged ? ' Nothing has changed: byte by byte it is the bundle that was named as known.' : ''}`,
    button: { text: 'Open the download page', url: exportPageUrl(publicUrl, result.exportId) },
    hint: 'The link opens a page, not the file. It works as often as it is needed, until the bundle expires.',
    facts: [
      ['File', singleLine(result.file.name)],
      ['Size', humanBytes(result.file.bytes)],
      ['Records', humanCount(result.rows)],
      ['Available until', humanTime(result.file.expiresAt)],
      ['SHA-256', result.file.sha256],
    ],
    notes: [
      { title: 'What is missing', lines: listed(result.missing.map(missingLine)) },
      {
        title: 'What to know about this data',
        lines: listed([...result.warnings.map(singleLine), ...takenOver(result)]),
      },
    ],
    files: result.files.slice(0, LISTED).map((file) => ({
      name: singleLine(file.name),
      rows: file.rows === null ? '–' : humanCount(file.rows),
      size: humanBytes(file.bytes),
    })),
    moreFiles: Math.max(0, result.files.length - LISTED),
  };
}

/** The mail about an export without a bundle. */
export function failureContent(report: ExportFailureReport, publicUrl: string): EmailContent {
  const cancelled = report.outcome === 'cancelled';
  const title = `Export of ${singleLine(report.project.name)} ${cancelled ? 'was cancelled' : 'failed'}`;
  const { failure: reason } = report;
  const facts: [string, string][] = [['What happened', singleLine(reason.message)]];
  if (!cancelled) {
    if (reason.step !== null) facts.push(['While making', partName(reason.step, reason.shard)]);
    if (reason.attempts > 1) facts.push(['Tries', humanCount(reason.attempts)]);
    facts.push(['Kind', singleLine(reason.code)]);
  }
  facts.push(['Ended', humanTime(report.finishedAt)]);
  return {
    ...commonContent(report, publicUrl),
    subject: title,
    heading: title,
    lead: `${askedFor(report)} ${cancelled ? 'The export was cancelled' : 'It could not be exported'}; there is no file to download.`,
    button: { text: 'Open the export’s page', url: exportPageUrl(publicUrl, report.exportId) },
    hint: 'The page shows how far the export came. The link works as often as it is needed.',
    facts,
    notes: [
      {
        title: 'What to do',
        lines: cancelled
          ? ['If the data is still wanted, ask for the export again.']
          : [
              'If the reason is one that you can put right, such as a permission or an expired token, do so and ask for the export again.',
              `If it fails again, send the reference ${singleLine(report.exportId)} to those who run this service.`,
            ],
      },
    ],
  };
}

function takenOver({ takenOver }: ExportResult): string[] {
  if (!takenOver) return [];
  const { parts, of, since } = takenOver;
  return [
    `It was read from ${humanTime(since)} on: ${humanCount(parts)} of ${humanCount(of)} parts in an earlier try.`,
  ];
}

function missingLine(part: MissingPart): string {
  const name = part.step === null ? 'A part' : partName(part.step, part.shard);
  const records = part.rowsExpected === null ? '' : ` (${humanCount(part.rowsExpected)} records)`;
  return `${name}${records}: ${singleLine(part.message)}`;
}

/** `parties, part 4`; parts are counted from 1 where people read of them. */
function partName(step: string, shard: number | null): string {
  return shard === null ? singleLine(step) : `${singleLine(step)}, part ${shard + 1}`;
}

function listed(lines: string[]): string[] {
  const more = lines.length - LISTED;
  return more > 0
    ? [...lines.slice(0, LISTED), `… and ${humanCount(more)} more; README.txt in the bundle has them all.`]
    : lines;
}
