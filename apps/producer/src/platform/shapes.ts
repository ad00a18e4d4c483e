/** Shapes of the platform API's answers, for the OpenAPI document; the answers themselves are assembled in SQL. */
import type { Entity } from '@parcelpost/shared/records.js';
import { z } from 'zod';

const attributes = z.record(z.string(), z.json()).describe('What the form asked; any key, any value');

const field = z.object({
  name: z.string(),
  label: z.string(),
  type: z.string(),
  when: z.object({ type: z.array(z.string()) }).optional(),
});

const counts = z.object({
  locations: z.int(),
  parties: z.int(),
  relationships: z.int(),
  resources: z.int(),
});
const cursors = z.array(z.string());

const snapshot = z.object({ id: z.uuid(), expires_at: z.iso.datetime() });

export const projectAnswer = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  organization: z.object({ slug: z.string(), name: z.string() }),
  description: z.string(),
  country: z.string(),
  access: z.enum(['public', 'private']),
  archived: z.boolean(),
  counts,
  data_versions: z
    .object({ locations: z.string(), parties: z.string(), relationships: z.string(), resources: z.string() })
    .describe(
      'What state the records of each list are in: another text after every change, never the same for two states',
    ),
  attribute_schemas: z.object({
    spatialunit: z.array(field).optional(),
    party: z.array(field).optional(),
    tenurerelationship: z.array(field).optional(),
  }),
  shards: z
    .object({ locations: cursors, parties: cursors, relationships: cursors, resources: cursors })
    .optional()
    .describe(
      'With shard_size: the cursor at which each shard begins; the first is empty. A shard ends at the next one’s (`until`), the last with the list',
    ),
  snapshot: snapshot
    .nullable()
    .optional()
    .describe('With snapshot=new: the consistent view in which this was answered; null where none was to be had'),
});

const list = <Results extends z.ZodType>(results: Results) =>
  z.object({ count: z.int(), next: z.string().nullable(), previous: z.string().nullable(), results });

const feature = z.object({
  type: z.literal('Feature'),
  geometry: z.record(z.string(), z.json()).nullable().describe('GeoJSON (RFC 7946), or null'),
  properties: z.object({ id: z.string(), type: z.string(), area: z.number().optional(), attributes }),
});

export const listAnswer: Record<Entity, z.ZodType> = {
  locations: list(z.object({ type: z.literal('FeatureCollection'), features: z.array(feature) })),
  parties: list(z.array(z.object({ id: z.string(), name: z.string(), type: z.string(), attributes }))),
  relationships: list(
    z.array(
      z.object({
        id: z.string(),
        party: z.string(),
        spatial_unit: z.string(),
        tenure_type: z.string(),
        attributes,
      }),
    ),
  ),
  resources: list(
    z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        description: z.string(),
        file: z.string(),
        original_file: z.string(),
        mime_type: z.string(),
        archived: z.boolean(),
        links: z.array(z.object({ id: z.string(), type: z.string() })),
      }),
    ),
  ),
};
