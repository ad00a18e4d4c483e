/** The answer about the project itself. It is read once an export, so a schema checks it. */
import { z } from 'zod';
import { type AttributeField, ENTITIES, type ProjectInfo } from '../records.js';
import { ShapeError } from './shapes.js';

const nullableText = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** Of an object that may hold more, what is said of the entities we know. */
const perEntity = <S extends z.ZodType>(schema: S) =>
  z
    .record(z.string(), z.unknown())
    .transform((given) =>
      Object.fromEntries(ENTITIES.filter((entity) => given[entity] != null).map((entity) => [entity, given[entity]])),
    )
    .pipe(z.partialRecord(z.enum(ENTITIES), schema));

const fields = z.array(
  z.object({
    name: z.string(),
    label: z.string().nullish(),
    type: z.string(),
    when: z.object({ type: z.array(z.string()) }).nullish(),
  }),
);

const projectSchema = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  organization: z.object({ slug: z.string(), name: z.string() }),
  description: nullableText,
  country: nullableText,
  access: z.enum(['public', 'private']),
  archived: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  counts: perEntity(z.int().nonnegative()).nullish(),
  shards: perEntity(z.array(z.string())).nullish(),
  data_versions: perEntity(z.string().min(1)).nullish(),
  snapshot: z.object({ id: z.string() }).nullish(),
  attribute_schemas: z
    .object({
      spatialunit: fields.nullish(),
      party: fields.nullish(),
      tenurerelationship: fields.nullish(),
    })
    .nullish(),
});

type Fields = z.output<typeof fields>;

/** Other platforms may write `when: null` for "always", and leave a label out where it is the name. */
function withoutNulls(list: Fields | null | undefined): AttributeField[] | undefined {
  return list?.map(({ name, label, type, when }) => ({ name, label: label ?? name, type, ...(when ? { when } : {}) }));
}

/** Reads the project's answer. Throws {@link ShapeError} naming the first field that is wrong. */
export function readProject(answer: unknown): ProjectInfo {
  const parsed = projectSchema.safeParse(answer);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.length ? issue.path.map(String).join('.') : 'the answer';
    throw new ShapeError(field, `what the API promises (${issue?.message})`, valueAt(answer, issue?.path ?? []));
  }
  const { attribute_schemas: schemas, counts, shards, data_versions: versions, snapshot, ...project } = parsed.data;
  return {
    ...project,
    counts: counts ?? undefined,
    shards: shards ?? undefined,
    dataVersions: versions ?? undefined,
    snapshot: snapshot?.id,
    attributeSchemas: schemas
      ? {
          spatialunit: withoutNulls(schemas.spatialunit),
          party: withoutNulls(schemas.party),
          tenurerelationship: withoutNulls(schemas.tenurerelationship),
        }
      : undefined,
  };
}

function valueAt(answer: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    answer,
  );
}
