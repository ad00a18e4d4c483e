/** The schema of signatures, and of lists of them: what a request may say, and what is left of it once parsed. */
import { z } from 'zod';
import type { JsonValue } from '../export-result.js';
import { SIGNATURE_VERSION, type Signature } from './signature.js';

const DAY_MS = 86_400_000;

/** Longest name of a task. */
const NAME_LENGTH = 100;
export const taskNameSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)+$/, 'a task is named queue.name, such as msg.email')
  .max(NAME_LENGTH, `the name of a task has at most ${NAME_LENGTH} characters`)
  .describe('Name of the task; the part before the first dot is the queue that runs it');

const whole = (min: number, max: number) =>
  z.int('must be a whole number').min(min, `must be at least ${min}`).max(max, `must be at most ${max}`).optional();

export const optionsSchema = z.strictObject({
  attempts: whole(1, 50).describe('How often to try'),
  backoff: whole(0, DAY_MS).describe('First pause between tries, in milliseconds; doubles, with jitter'),
  delay: whole(0, 30 * DAY_MS).describe('Pause before the first try, in milliseconds'),
  timeout: whole(100, DAY_MS).describe(
    'Milliseconds that one try may take; for a task of another service, from its entry into the queue to its end',
  ),
  priority: whole(1, 1000).describe('1 comes first; without it a task goes before all that have one'),
});

/** One signature. Which of the four kinds it is, is told by the key that is there, and all complaints are about that kind. */
export const signatureSchema: z.ZodType<Signature> = z.unknown().transform((value, context) => {
  const shape = shapeOf(value, (path, message) => context.addIssue({ code: 'custom', path, message }));
  if (!shape) return z.NEVER;
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue({ ...issue });
  return z.NEVER;
});

const signatures = z.lazy(() => z.array(signatureSchema));
const some = (what: string) => z.lazy(() => z.array(signatureSchema).min(1, `needs at least one ${what}`));

const linked = {
  version: z.literal(SIGNATURE_VERSION, `must be ${SIGNATURE_VERSION}, the version that this service knows`).optional(),
  onSuccess: signatures.prefault([]),
  onFailure: signatures.prefault([]),
};

const SHAPES = {
  task: z.strictObject({
    ...linked,
    task: taskNameSchema,
    // What came as JSON is JSON; limits.ts has looked at all of it.
    args: z.record(z.string(), z.custom<JsonValue>()).prefault({}),
    options: optionsSchema.prefault({}),
    immutable: z.boolean().default(false),
  }),
  chain: z.strictObject({ ...linked, chain: some('step') }),
  group: z.strictObject({ ...linked, group: some('member') }),
  chord: z.strictObject({ ...linked, chord: some('member'), body: signatureSchema }),
} as const;

type Kind = keyof typeof SHAPES;
const KINDS = Object.keys(SHAPES) as Kind[];
const KEYS = new Map(KINDS.map((kind) => [kind, new Set(Object.keys(SHAPES[kind].shape))]));
/** So many keys that do not belong are named of one signature; more say no more. */
const MOST_ODD = 10;
const ONE_OF = `give exactly one of ${KINDS.join(', ')}`;

/** The shape that a value is to have; undefined, after a complaint, where it cannot be told or a key does not belong. */
function shapeOf(
  value: unknown,
  complain: (path: PropertyKey[], message: string) => void,
): z.ZodType<Signature> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    complain([], value === undefined ? 'a signature is missing here' : `a signature is an object: ${ONE_OF}`);
    return undefined;
  }
  const [kind, ...others] = KINDS.filter((key) => Object.hasOwn(value, key));
  const odd = Object.keys(value).filter((key) => kind === undefined || !KEYS.get(kind)?.has(key));
  if (kind === undefined || others.length > 0) {
    const given = kind === undefined ? 'none of them is here' : `${[kind, ...others].join(' and ')} are here`;
    complain([], `${ONE_OF}; ${given}`);
  }
  for (const key of odd.slice(0, MOST_ODD)) {
    if (others.includes(key as Kind)) continue;
    const owners = KINDS.filter((one) => KEYS.get(one)?.has(key));
    if (owners.length === 0) complain([key], 'this field is not known');
    else if (kind !== undefined && !owners.some((one) => others.includes(one))) {
      complain([key], `belongs to a ${owners.join(' or ')}, not to a ${kind}`);
    }
  }
  const clear = kind !== undefined && others.length === 0 && odd.length === 0;
  return clear ? (SHAPES[kind] as z.ZodType<Signature>) : undefined;
}

/** Address of the published JSON Schema of a signature, below the service's own. */
export const SIGNATURE_SCHEMA_PATH = `/schemas/signature-v${SIGNATURE_VERSION}.json`;

/** A request's list of signatures. In API documents it refers to the published schema. */
export const signaturesSchema = z
  .unknown()
  .transform((value, context) => {
    const parsed = signatures.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.addIssue({ ...issue });
    return z.NEVER;
  })
  .meta({ type: 'array', items: { $ref: SIGNATURE_SCHEMA_PATH } });
