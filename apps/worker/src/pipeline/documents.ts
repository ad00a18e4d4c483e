/** The texts of a bundle (readmes, manifest), made of what the steps left, and the bundle's files in their order. */
import { createHash } from 'node:crypto';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { Plan } from './plan.js';
import type { Notice, OutputFile } from './step.js';

/** One file of the bundle: its bytes, or the key under which they are in storage. */
export interface BundlePart {
  name: string;
  rows: number | null;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
  from: string | Buffer;
}

export interface Gathered {
  row: ExportRow;
  plan: Plan;
  /** Records read of each entity. */
  counts: ReadonlyMap<string, number>;
  files: readonly OutputFile[];
  notices: readonly Notice[];
  warnings: readonly string[];
  softwareVersion: string;
}

export function documents(gathered: Gathered): { parts: BundlePart[]; warnings: string[] } {
  return {
    parts: gathered.files.map(({ name, rows, bytes, sha256, key }) => ({ name, rows, bytes, sha256, from: key })),
    warnings: [...gathered.warnings],
  };
}

function text(name: string, content: string): BundlePart {
  const bytes = Buffer.from(content);
  return {
    name,
    rows: null,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    from: bytes,
  };
}
void text;
