/** A mail without how it looks: what all of them have in common. English; every string is plain text on a single line. */
import type { ProjectReference, RequestedBy, ResultLink } from '@parcelpost/shared/export-result.js';
import { exportPageUrl } from '@parcelpost/shared/export-result.js';
import { singleLine } from './words.js';

/** A mail in parts. Renderers escape; nothing here is markup. */
export interface EmailContent {
  subject: string;
  heading: string;
  lead: string;
  button: { text: string; url: string };
  /** What to know about the link. */
  hint: string;
  facts: [name: string, value: string][];
  /** Lists under titles of their own; one without lines is left out. */
  notes: { title: string; lines: string[] }[];
  files: { name: string; rows: string; size: string }[];
  /** Files that the list leaves out. */
  moreFiles: number;
  links: { text: string; url: string }[];
  footer: string;
}

/** What an export's result and the report of its failure have in common. */
export interface AboutExport {
  exportId: string;
  project: ProjectReference;
  requestedBy: RequestedBy;
  links: ResultLink[];
}

/** The parts that every mail about an export has; the others are empty. */
export function commonContent(
  about: AboutExport,
  publicUrl: string,
): Pick<EmailContent, 'notes' | 'files' | 'moreFiles' | 'links' | 'footer'> {
  const page = exportPageUrl(publicUrl, about.exportId);
  return {
    notes: [],
    files: [],
    moreFiles: 0,
    links: about.links
      .filter(({ url }) => url !== page && /^https?:/i.test(url))
      .map(({ text, url }) => ({ text: singleLine(text), url: singleLine(url) })),
    footer: `Reference: ${singleLine(about.exportId)}. Sent by Parcelpost because the export was asked for with a mail after it.`,
  };
}

/** `Ana asked for the data of London 2 (cadasta/london-2).` */
export function askedFor({ requestedBy, project }: AboutExport): string {
  const [name, organization, slug] = [project.name, project.organization, project.slug].map(singleLine);
  return `${singleLine(requestedBy.name)} asked for the data of ${name} (${organization}/${slug}).`;
}
