/** The pipeline: every step that there is, in the order of the files in a bundle. */
import type { ExportOptions } from '../export-request.js';
import type { StepAbout } from './declared-step.js';

const csv = ({ csv }: ExportOptions) => csv;
/** Those of these formats that are asked for. */
const asked =
  (...formats: string[]) =>
  (options: ExportOptions) =>
    formats.filter((format) => options.formats.includes(format));

const JSON_FORMATS = ['geojson', 'geojsonl'];
const TYPED_FORMATS = ['gpkg', 'fgb', 'parquet'];

/**
 * To add one: its line here, its class in the worker's `pipeline/steps`. A step whose files come out otherwise than before, by
 * a byte, gets its version raised: test/conformance/step-versions.test.ts notices.
 */
export const BUILT_IN_STEPS = [
  { name: 'relationships', version: 2, formats: ['csv'], entities: ['relationships'], bearing: csv },
  { name: 'parties', version: 2, formats: ['csv'], entities: ['parties'], bearing: csv },
  { name: 'locations', version: 2, formats: ['csv'], entities: ['locations'], bearing: csv },
  {
    name: 'shapefiles',
    version: 1,
    formats: ['shapefiles'],
    entities: ['locations'],
    // Its warnings say whether what is left out is in the table.
    bearing: ({ shapefileAttributes = false, formats }) => ({ shapefileAttributes, csv: formats.includes('csv') }),
  },
  {
    name: 'relationships-json',
    version: 1,
    formats: JSON_FORMATS,
    entities: ['relationships'],
    bearing: asked(...JSON_FORMATS),
  },
  { name: 'parties-json', version: 1, formats: JSON_FORMATS, entities: ['parties'], bearing: asked(...JSON_FORMATS) },
  {
    name: 'locations-json',
    version: 1,
    formats: JSON_FORMATS,
    entities: ['locations'],
    bearing: asked(...JSON_FORMATS),
  },
  { name: 'xlsx', version: 2, formats: ['xlsx'], entities: ['locations', 'parties', 'relationships'], bearing: csv },
  {
    name: 'typed-tables',
    version: 2,
    formats: TYPED_FORMATS,
    entities: ['locations', 'parties', 'relationships'],
    bearing: asked(...TYPED_FORMATS),
  },
  // What lies behind the address of a file may change while the record stays.
  { name: 'resources', version: 1, formats: ['resources'], entities: ['resources'], lasting: false },
  {
    name: 'references',
    version: 1,
    formats: 'all',
    entities: ['relationships', 'parties', 'locations', 'resources'],
    data: ['relationships', 'parties', 'locations'],
    follows: true,
    bearing: () => null,
  },
] as const satisfies readonly StepAbout[];

export type BuiltInStepName = (typeof BUILT_IN_STEPS)[number]['name'];

/** What a built-in step declares of itself. */
export function builtIn(name: BuiltInStepName): StepAbout {
  return BUILT_IN_STEPS.find((about) => about.name === name) as StepAbout;
}
