/** What a mail about an export says, without how it looks. English; every string is plain text on a single line. */
import type {
  ExportEnd,
  ExportFailureReport,
  ExportResult,
  ProjectReference,
} from '@parcelpost/shared/export-result.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import { humanBytes, humanCount } from '@parcelpost/shared/words.js';
import { humanTime, singleLine } from './words.js';

/** A mail in parts. Renderers escape; nothing here is markup. */
export interface EmailContent {
  subject: string;
  heading: string;
  lead: string;
  button: { text: string; url: string };
  /** What to know about the link. */
  hint: string;
  facts: [name: string, value: string][];
  notes: { title: string; lines: string[] };
  files: { name: string; rows: string; size: string }[];
  /** Files that the list leaves out. */
  moreFiles: number;
  links: { text: string; url: string }[];
  footer: string;
}

/** A mail stays a mail: longer lists end here, and say so. All of them are in the bundle's manifest. */
const LISTED = 40;

/** The content of the mail about an export's end. `subject` replaces the usual subject line. */
export function emailContent(input: ExportEnd, publicUrl: string, subject?: string): EmailContent {
  const content = input.kind === 'success' ? success(input.result, publicUrl) : failure(input.report, publicUrl);
  return subject === undefined ? content : { ...content, subject: singleLine(subject) };
}

function success(result: ExportResult, publicUrl: string): EmailContent {
  const partial = result.outcome === 'partial';
  const title = `Export of ${singleLine(result.project.name)} is ${partial ? 'ready, but not whole' : 'ready'}`;
  const asked = `${singleLine(result.requestedBy.name)} asked for the data of ${projectPhrase(result.project)}.`;
  return {
    ...common(result, publicUrl),
    subject: title,
    heading: title,
    lead: partial
      ? `${asked} The bundle can be downloaded, but parts of it are missing; they are named below.`
      : `${asked} The bundle can be downloaded from its page.`,
    button: { text: 'Open the download page', url: exportPageUrl(publicUrl, result.exportId) },
    hint: 'The link opens a page, not the file. It works as often as it is needed, until the bundle expires.',
    facts: [
      ['File', singleLine(result.file.name)],
      ['Size', humanBytes(result.file.bytes)],
      ['Records', humanCount(result.rows)],
      ['Available until', humanTime(result.file.expiresAt)],
      ['SHA-256', result.file.sha256],
    ],
    notes: { title: partial ? 'What is missing' : 'What to know about this data', lines: noteLines(result.warnings) },
    files: result.files.slice(0, LISTED).map((file) => ({
      name: singleLine(file.name),
      rows: file.rows === null ? '–' : humanCount(file.rows),
      size: humanBytes(file.bytes),
    })),
    moreFiles: Math.max(0, result.files.length - LISTED),
  };
}

function failure(report: ExportFailureReport, publicUrl: string): EmailContent {
  const cancelled = report.outcome === 'cancelled';
  const title = `Export of ${singleLine(report.project.name)} ${cancelled ? 'was cancelled' : 'failed'}`;
  const { failure: reason } = report;
  const place = [
    reason.step === null ? [] : [singleLine(reason.step)],
    reason.shard === null ? [] : [`part ${reason.shard + 1}`],
  ];
  const facts: [string, string][] = [['What happened', singleLine(reason.message)]];
  if (reason.step !== null) facts.push(['While making', place.flat().join(', ')]);
  if (reason.attempts > 1) facts.push(['Tries', humanCount(reason.attempts)]);
  facts.push(['Kind', singleLine(reason.code)], ['Ended', humanTime(report.finishedAt)]);
  const asked = `${singleLine(report.requestedBy.name)} asked for the data of ${projectPhrase(report.project)}.`;
  return {
    ...common(report, publicUrl),
    subject: title,
    heading: title,
    lead: `${asked} ${cancelled ? 'The export was cancelled' : 'It could not be exported'}; there is no file to download.`,
    button: { text: 'Open the export’s page', url: exportPageUrl(publicUrl, report.exportId) },
    hint: 'The page shows how far the export came. The link works as often as it is needed.',
    facts,
    notes: {
      title: 'What to do',
      lines: cancelled
        ? ['If the data is still wanted, ask for the export again.']
        : [
            'If the reason is one that you can put right, such as a permission or an expired token, do so and ask for the export again.',
            `If it fails again, send the reference ${singleLine(report.exportId)} to those who run this service.`,
          ],
    },
    files: [],
    moreFiles: 0,
  };
}

function common(about: ExportResult | ExportFailureReport, publicUrl: string): Pick<EmailContent, 'links' | 'footer'> {
  const page = exportPageUrl(publicUrl, about.exportId);
  return {
    links: about.links
      .filter(({ url }) => url !== page && /^https?:/i.test(url))
      .map(({ text, url }) => ({ text: singleLine(text), url: singleLine(url) })),
    footer: `Reference: ${singleLine(about.exportId)}. Sent by Parcelpost because the export was asked for with a mail at its end.`,
  };
}

function projectPhrase(project: ProjectReference): string {
  return `${singleLine(project.name)} (${singleLine(project.organization)}/${singleLine(project.slug)})`;
}

function noteLines(warnings: string[]): string[] {
  const lines = warnings.slice(0, LISTED).map(singleLine);
  const more = warnings.length - LISTED;
  return more > 0 ? [...lines, `… and ${humanCount(more)} more; README.txt in the bundle has them all.`] : lines;
}
