/** What may be asked of an export: the body of `POST …/exports`, and what is kept of it on the export's row. */
import { z } from 'zod';
import { isObject } from './is-object.js';
import { type Complaint, limitComplaints } from './signatures/limits.js';
import { signaturesSchema } from './signatures/schema.js';

/** The output types that exist today, and the formats each stands for. */
const OUTPUT_TYPES = {
  shp: ['csv', 'shapefiles'],
  xls: ['xlsx'],
  res: ['resources'],
  all: ['csv', 'resources', 'shapefiles', 'xlsx'],
} as const;
export const FORMATS = [
  'csv',
  'fgb',
  'geojson',
  'geojsonl',
  'gpkg',
  'parquet',
  'resources',
  'shapefiles',
  'xlsx',
] as const;
/** Formats that a request may list; the same one twice is one. */
const MOST_FORMATS = 50;
export type OutputType = keyof typeof OUTPUT_TYPES;
/** A format that every installation knows; steps of one's own may answer to others. */
export type Format = (typeof FORMATS)[number];

const csvOptionsSchema = z.strictObject({
  bom: z.boolean().default(false).describe('Begin each CSV with a byte order mark, for Excel'),
  escapeFormulas: z.boolean().default(true).describe('Defuse cells that a spreadsheet would run as a formula'),
  delimiter: z
    .enum([',', ';', '\t', '|'])
    .default(',')
    .describe('What stands between cells: a comma, a semicolon, a tab, or a vertical bar'),
  geometry: z
    .enum(['ewkt', 'wkt', 'geojson', 'none'])
    .default('ewkt')
    .describe(
      'How locations.csv has its geometries, in a column geometry.ewkt, geometry.wkt or geometry.geojson; or not',
    ),
  labels: z
    .boolean()
    .default(false)
    .describe('A second header row, of the questions as the form puts them; the manifest has them in any case'),
});
export type CsvOptions = z.infer<typeof csvOptionsSchema>;

const requestFields = (known: readonly string[]) =>
  z
    .strictObject({
      outputType: z.enum(Object.keys(OUTPUT_TYPES) as [OutputType]).optional(),
      formats: z
        .array(z.enum(known as [string, ...string[]]))
        .min(1)
        .max(MOST_FORMATS)
        .optional(),
      csv: csvOptionsSchema.prefault({}),
      shapefileAttributes: z
        .boolean()
        .default(false)
        .describe('Every attribute in the tables of the shapefiles too, as far as their format can hold it'),
      includeArchived: z.boolean().default(false).describe('Files of archived resources too'),
      allowPartial: z
        .boolean()
        .default(false)
        .describe('Deliver what could be read, if a part cannot be; what is missing is named'),
      language: z
        .string()
        .max(35)
        .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'must be a language tag (BCP 47), such as pt-BR')
        .optional()
        .describe(
          'Language of the readmes (BCP 47); by default that of who asks, English where there is no text in it',
        ),
      provenance: z
        .boolean()
        .default(false)
        .describe('Write into the bundle who asked for it and when; then no two bundles are the same'),
      unchangedSince: z
        .string()
        .regex(
          /^(?:W\/)?"?[0-9a-f]{64}"?$/,
          'must be the ETag of a bundle, or its SHA-256 as 64 hexadecimal digits in lower case',
        )
        .optional()
        .describe('ETag or SHA-256 of a bundle that is known; the result tells whether this one is the same'),
      onSuccess: signaturesSchema.prefault([]).describe('Released in order once there is a bundle, whole or partial'),
      onFailure: signaturesSchema.prefault([]).describe('Released in order if the export fails or is cancelled'),
      apiToken: z
        .string()
        .min(1)
        .max(8192)
        .optional()
        .describe('Token of another platform; sealed, forwarded as it is, never shown again'),
    })
    .superRefine((body, context) => {
      if ((body.outputType === undefined) === (body.formats === undefined)) {
        context.addIssue({
          code: 'custom',
          path: ['outputType'],
          message: 'give either outputType or formats, not both and not neither',
        });
      }
    })
    .meta({ oneOf: [{ required: ['outputType'] }, { required: ['formats'] }] });

/** Has the limits of a body's lists checked before anything looks into them. */
export const withinLimits = <S extends z.ZodType>(schema: S) =>
  z.preprocess((body, context) => {
    for (const { path, message } of [...formatsComplaints(body), ...limitComplaints(body)]) {
      context.addIssue({ code: 'custom', path, message });
    }
    return body;
  }, schema);

/**
 * The body of a request.
 * @param formats that it may name: those of the installation's pipeline
 */
export const exportRequestSchemaOf = (formats: readonly string[]) => withinLimits(requestFields(formats));

/** That of an installation without steps of its own. */
export const exportRequestSchema = exportRequestSchemaOf(FORMATS);

function formatsComplaints(body: unknown): Complaint[] {
  const formats = isObject(body) ? body.formats : undefined;
  if (!Array.isArray(formats) || formats.length <= MOST_FORMATS) return [];
  return [{ path: ['formats'], message: `takes at most ${MOST_FORMATS} formats` }];
}
export type ExportRequestBody = z.infer<typeof exportRequestSchema>;

/** What the export's row keeps of the request. The token is sealed in a column of its own; signatures too have theirs. */
export interface ExportOptions {
  /** As asked; names the bundle. */
  outputType: OutputType | 'custom';
  formats: string[];
  /** Those that rows of older versions do not know are absent there. */
  csv: Pick<CsvOptions, 'bom' | 'escapeFormulas'> & Partial<CsvOptions>;
  /** Whether the tables of shapefiles have every attribute, beside id and type. */
  shapefileAttributes?: true;
  /** Whether files of archived resources are wanted too. */
  includeArchived?: true;
  /** Whether a bundle without some of its parts is better than none. */
  allowPartial: boolean;
  /** Language of the readmes, a BCP 47 tag; without it that of the requester. */
  language?: string;
  /** Whether the bundle tells who asked for it and when. */
  provenance?: true;
  /** SHA-256 of a bundle, hexadecimal; the result tells whether the new one is the same. */
  unchangedSince?: string;
}

/** Reduces a request's body to the options that the pipeline reads. */
export function exportOptions(body: ExportRequestBody): ExportOptions {
  const formats: string[] = body.outputType ? [...OUTPUT_TYPES[body.outputType]] : [...new Set(body.formats)].sort();
  return {
    outputType: body.outputType ?? 'custom',
    formats,
    csv: body.csv,
    allowPartial: body.allowPartial,
    ...(body.shapefileAttributes && { shapefileAttributes: true }),
    ...(body.includeArchived && { includeArchived: true }),
    ...(body.language !== undefined && { language: body.language }),
    ...(body.provenance && { provenance: true }),
    ...(body.unchangedSince !== undefined && { unchangedSince: body.unchangedSince.replace(/[^0-9a-f]/g, '') }),
  };
}
