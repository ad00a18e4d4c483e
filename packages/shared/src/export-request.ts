/** What may be asked of an export: the body of `POST …/exports`, and what is kept of it on the export's row. */
import { z } from 'zod';

/** The output types that exist today, and the formats each stands for. */
const OUTPUT_TYPES = { shp: ['csv', 'shapefiles'] } as const;
const FORMATS = ['csv', 'geojson', 'geojsonl', 'shapefiles'] as const;
export type OutputType = keyof typeof OUTPUT_TYPES;
export type Format = (typeof FORMATS)[number];

const csvOptionsSchema = z.strictObject({
  bom: z.boolean().default(false).describe('Begin each CSV with a byte order mark, for Excel'),
  escapeFormulas: z.boolean().default(true).describe('Defuse cells that a spreadsheet would run as a formula'),
});
export type CsvOptions = z.infer<typeof csvOptionsSchema>;

export const signatureSchema = z.strictObject({
  task: z
    .string()
    .regex(/^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$/i, 'a task is named queue.name, such as msg.email')
    .max(100)
    .describe('Name of the task; the part before the first dot is the queue that runs it'),
  args: z.record(z.string(), z.json()).default({}).describe('Arguments of the task, by name'),
  options: z
    .strictObject({
      attempts: z.int().min(1).max(50).optional().describe('How often to try'),
      backoff: z
        .int()
        .min(0)
        .max(86_400_000)
        .optional()
        .describe('First pause between tries, in milliseconds; doubles'),
      delay: z.int().min(0).max(2_592_000_000).optional().describe('Pause before the first try, in milliseconds'),
    })
    .default({}),
});
/** A serialized call of a named task: what to do after an export. */
export type Signature = z.infer<typeof signatureSchema>;

const followUps = z.array(signatureSchema).max(20).default([]);

export const exportRequestSchema = z
  .strictObject({
    outputType: z.enum(Object.keys(OUTPUT_TYPES) as [OutputType]).optional(),
    formats: z.array(z.enum(FORMATS)).min(1).optional(),
    csv: csvOptionsSchema.prefault({}),
    onSuccess: followUps.describe('Released in order once the bundle is whole'),
    onFailure: followUps.describe('Released in order if the export fails'),
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
  });
export type ExportRequestBody = z.infer<typeof exportRequestSchema>;

/** What the export's row keeps of the request. The token is sealed in a column of its own; signatures too have theirs. */
export interface ExportOptions {
  /** As asked; names the bundle. */
  outputType: OutputType | 'custom';
  formats: Format[];
  csv: CsvOptions;
}

/** Reduces a request's body to the options that the pipeline reads. */
export function exportOptions(body: ExportRequestBody): ExportOptions {
  const formats = body.outputType ? [...OUTPUT_TYPES[body.outputType]] : [...new Set(body.formats)].sort();
  return { outputType: body.outputType ?? 'custom', formats, csv: body.csv };
}
