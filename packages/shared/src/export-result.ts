/**
 * What an export came to, as it is stored with its outcome, shown, and handed to its follow-ups.
 * Plain JSON, without any secret: it lies in the database and in the queue, and leaves the house in mails and webhooks.
 */
import type { z } from 'zod';
import type { ExportFailure } from './errors.js';

/** Anything that JSON can say. */
export type JsonValue = z.core.util.JSONType;

export interface ProjectReference {
  organization: string;
  slug: string;
  name: string;
}

/** Where people go on from here: a page, not the file itself, so that it can be opened any number of times. */
export interface ResultLink {
  text: string;
  url: string;
}

/** Who asked; carries no address, since webhooks get it too. */
export interface RequestedBy {
  id: string;
  name: string;
}

/** One file inside the bundle. `rows` is null for a file that has none (a readme, say); `bytes` are uncompressed. */
export interface ResultFile {
  name: string;
  rows: number | null;
  bytes: number;
}

/** The result of an export that has a bundle. Times are ISO 8601 in UTC. */
export interface ExportResult {
  exportId: string;
  project: ProjectReference;
  /** `partial` only where the request allowed it; then `warnings` name what is missing, and why. */
  outcome: 'completed' | 'partial';
  /** The bundle, a zip. */
  file: { name: string; bytes: number; sha256: string; expiresAt: string };
  links: ResultLink[];
  /** Records read: the sum over the project's entities, each counted once however many files it went to. */
  rows: number;
  files: ResultFile[];
  warnings: string[];
  requestedBy: RequestedBy;
  finishedAt: string;
}

/** The end of an export that left no bundle. */
export interface ExportFailureReport {
  exportId: string;
  project: ProjectReference;
  outcome: 'failed' | 'cancelled';
  failure: ExportFailure;
  links: ResultLink[];
  requestedBy: RequestedBy;
  finishedAt: string;
}

/** What a follow-up gets: onSuccess the result, onFailure the reason. This is the `input` of its outbox row. */
export type FollowUpInput =
  | { kind: 'success'; result: ExportResult }
  | { kind: 'failure'; report: ExportFailureReport };

/** Address of an export's page; `publicUrl` is scheme and host, as `PUBLIC_URL` is. */
export function exportPageUrl(publicUrl: string, exportId: string): string {
  return new URL(`/exports/${encodeURIComponent(exportId)}`, publicUrl).href;
}
