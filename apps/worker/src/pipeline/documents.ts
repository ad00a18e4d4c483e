/** The texts of a bundle (readmes, manifest), made of what the steps left, and the bundle's files in their order. */
import { createHash } from 'node:crypto';
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import { ExportError } from '@parcelpost/shared/errors.js';
import type { MissingPart } from '@parcelpost/shared/export-result.js';
import { languageOf } from '@parcelpost/shared/languages.js';
import type { BundleFile, BundleInfo, BundleWarning } from '../formats/bundle/info.js';
import { speakerOf } from '../formats/bundle/languages/languages.js';
import { renderManifest } from '../formats/bundle/manifest.js';
import { renderReadme } from '../formats/bundle/readme.js';
import { renderShpReadme } from '../formats/bundle/shp-readme.js';
import { describeMissing, missingWarnings } from './missing.js';
import type { WorkerPipeline } from './pipeline.js';
import type { Plan } from './plan.js';
import type { Notice, OutputFile } from './step.js';

/** One file of the bundle: its bytes, or the key under which they are in storage. */
export interface BundlePart extends BundleFile {
  from: string | Buffer;
}

/** All that the work on an export left. */
export interface Gathered {
  pipeline: WorkerPipeline;
  row: ExportRow;
  /** Name of the zip. */
  bundle: string;
  plan: Plan;
  /** In the order of the bundle. */
  files: readonly OutputFile[];
  notices: readonly Notice[];
  /** Of the reduces, and of what was read. */
  warnings: readonly BundleWarning[];
  /** Parts that could not be had; empty of a whole bundle. */
  missing: readonly MissingPart[];
  /** Whether all records are of one moment. */
  consistent: boolean;
  softwareVersion: string;
}

/** The bundle's files, the texts after what they speak of: a readme for shapefiles where asked for, README, manifest. */
export function documents(gathered: Gathered): { parts: BundlePart[]; warnings: BundleWarning[] } {
  const { pipeline, row, plan, notices, softwareVersion } = gathered;
  const { unchangedSince: _, provenance, ...asked } = row.options;
  const steps = pipeline.applicable(row.options);
  const warnings = [
    ...steps.flatMap((step) =>
      step.warnings(
        notices.filter((notice) => notice.step === step.name),
        row.options,
      ),
    ),
    ...gathered.warnings,
    ...missingWarnings(pipeline, plan, gathered.missing),
  ];
  const language = languageOf(row.options.language ?? row.requester.language);
  const missing = describeMissing(pipeline, plan, gathered.missing, speakerOf(language));
  const parts: BundlePart[] = gathered.files.map(({ key, ...file }) => ({ ...file, from: key }));
  const info = (): BundleInfo => ({
    language,
    software: { name: 'Parcelpost', version: softwareVersion },
    organization: { slug: row.organization, name: plan.project.organizationName },
    project: {
      slug: row.project,
      name: plan.project.name,
      description: plan.project.description,
      country: plan.project.country,
    },
    asked: { ...asked, language },
    consistent: gathered.consistent,
    ...(provenance && {
      provenance: {
        exportId: row.id,
        bundle: gathered.bundle,
        requestedBy: { id: row.requester.id, name: row.requester.name },
        requestedAt: row.requestedAt,
      },
    }),
    files: parts.map(({ from: _, ...file }) => file),
    warnings,
    missing,
  });
  if (row.options.formats.includes('shapefiles')) {
    const folder = pipeline.folderOf({ name: 'shapefiles' }, row.options);
    parts.push(text(`${folder}shp_readme.txt`, renderShpReadme(inFolder(info(), folder))));
  }
  parts.push(text('README.txt', renderReadme(info())));
  parts.push(text('manifest.json', renderManifest(info())));
  refuseClash(parts);
  return { parts, warnings };
}

/** @throws ExportError (`name-clash`) where two files would bear one name, also where only case tells them apart */
function refuseClash(parts: readonly BundlePart[]): void {
  const seen = new Set<string>();
  for (const { name } of parts) {
    const folded = name.toLowerCase();
    if (seen.has(folded)) {
      const message = `Two steps of the pipeline have made a file ${name}. One of them is to give it another name; see STEPS_MODULE.`;
      throw new ExportError('name-clash', message, true);
    }
    seen.add(folded);
  }
}

/** As it is told to whoever has opened that folder. */
function inFolder(info: BundleInfo, folder: string): BundleInfo {
  const files = info.files
    .filter(({ name }) => name.startsWith(folder))
    .map((file) => ({ ...file, name: file.name.slice(folder.length) }));
  return { ...info, files };
}

function text(name: string, content: string): BundlePart {
  const from = Buffer.from(content);
  return { name, rows: null, bytes: from.length, sha256: createHash('sha256').update(from).digest('hex'), from };
}
