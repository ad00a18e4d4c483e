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

/** A part that a partial bundle lacks, and why. `step` and `shard` as in {@link ExportFailure}. */
export interface MissingPart extends ExportFailure {
  /** Records that the platform counted there; null where it is a file that could not be made. */
  rowsExpected: number | null;
  /** Name in the bundle, where it is one of several files that are made together. */
  file?: string;
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
  /** What is not in the bundle, and why; empty unless the outcome is `partial`. */
  missing: MissingPart[];
  /** Parts that an earlier try of the same export had read, of how many, and since when; absent where none were. */
  takenOver?: { parts: number; of: number; since: string };
  /** Steps whose files are of earlier exports of the same data, and since when the oldest is there; absent where none are. */
  reused?: { steps: string[]; since: string };
  /** Versions of the steps that its files are of; absent in results of older versions of the software. */
  steps?: Record<string, string>;
  /** Whether the bundle is, byte by byte, the one that the request named; absent where it named none. */
  unchanged?: boolean;
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

/** How an export ended, as its first follow-ups get it. */
export type ExportEnd = { kind: 'success'; result: ExportResult } | { kind: 'failure'; report: ExportFailureReport };

/** Why a follow-up failed, as its onFailure gets it: `step` is its task, `shard` is null. */
export interface FollowUpFault extends ExportFailure {
  followUpId: string;
  /** Its place in the canvas, such as `onSuccess/0/chain/1`. */
  place: string;
  /** When it failed for good; ISO 8601 in UTC. */
  finishedAt: string;
}

/**
 * What a follow-up gets as its first argument, and `input` of its row: the first of an export's canvas gets the export's
 * end, a later one the value that the one before it left (a list after a group), an onFailure the fault; an immutable
 * one gets nothing.
 */
export type FollowUpInput =
  | ExportEnd
  | { kind: 'value'; value: JsonValue }
  | { kind: 'fault'; fault: FollowUpFault }
  | { kind: 'none' };

/**
 * An input as tasks of other services and of one's own get it, without the word that says what it is: the result; of a
 * failed export the reason, with the rest of the report beside it; a value as it is; a fault; null for nothing.
 */
export function bareInput(input: FollowUpInput): JsonValue {
  switch (input.kind) {
    case 'success':
      return input.result as unknown as JsonValue;
    case 'failure': {
      const { failure, ...report } = input.report;
      return { ...failure, ...report } as unknown as JsonValue;
    }
    case 'value':
      return input.value;
    case 'fault':
      return input.fault as unknown as JsonValue;
    case 'none':
      return null;
  }
}

/** Address of an export's page; `publicUrl` is scheme and host, as `PUBLIC_URL` is. */
export function exportPageUrl(publicUrl: string, exportId: string): string {
  return new URL(`/exports/${encodeURIComponent(exportId)}`, publicUrl).href;
}
