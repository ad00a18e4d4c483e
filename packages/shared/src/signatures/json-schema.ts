/** The published JSON Schema (2020-12) of a signature, for those who write canvases in any language. */
import { z } from 'zod';
import { BUILT_IN_REGISTRY, type Registry } from './registry.js';
import { optionsSchema, SIGNATURE_SCHEMA_PATH, taskNameSchema } from './schema.js';
import { SIGNATURE_LIMITS, SIGNATURE_VERSION } from './signature.js';
import type { ArgsSchema } from './tasks.js';

/** A JSON Schema, as plain data. */
export type JsonSchema = Record<string, unknown>;

const LIST = { $ref: '#/$defs/signatures' };
const SOME = { type: 'array', items: { $ref: '#' }, minItems: 1 };
const LINKED = {
  version: { const: SIGNATURE_VERSION, description: 'Version of this format' },
  onSuccess: { ...LIST, description: 'Called in this order with the result, once it is there' },
  onFailure: { ...LIST, description: 'Called in this order with the reason, if it fails for good' },
};

/**
 * The schema of one signature as this installation takes it: the names of its tasks and the arguments of each.
 * What no schema can say (how many there may be, how deep, how large) is in its description.
 * @param publicUrl scheme and host of the service; the schema's own address is below it
 * @param registry what can be named; tasks of other services' queues may have any arguments
 */
export function signatureJsonSchema(publicUrl: string, registry: Registry = BUILT_IN_REGISTRY): JsonSchema {
  const tasks = registry.names.map((name) => ({ name, args: registry.lookUp(name)?.args as ArgsSchema }));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: new URL(SIGNATURE_SCHEMA_PATH, publicUrl).href,
    title: 'Signature',
    description:
      'What to do after an export: a call of a task, or calls composed. A request may hold at most ' +
      `${SIGNATURE_LIMITS.count} of them, ${SIGNATURE_LIMITS.depth} deep inside one another, in ` +
      `${SIGNATURE_LIMITS.bytes} bytes of JSON, those in the requests of next exports included.`,
    examples: [
      { task: 'msg.email' },
      { chain: [{ task: 'webhook.post', args: { url: 'https://example.org/hook' } }, { task: 'log.info' }] },
    ],
    oneOf: ['task', 'chain', 'group', 'chord'].map((kind) => ({ $ref: `#/$defs/${kind}` })),
    $defs: {
      signatures: { type: 'array', items: { $ref: '#' } },
      options: plain(optionsSchema),
      task: {
        description: 'One call',
        ...object(['task'], {
          task: { ...plain(taskNameSchema), anyOf: namesOf(registry) },
          args: { type: 'object', description: 'Arguments of the task, by name' },
          options: { $ref: '#/$defs/options' },
          immutable: {
            type: 'boolean',
            default: false,
            description: 'Whether it gets neither result nor reason from what comes before it',
          },
        }),
        allOf: tasks.map(({ name, args }) => ({
          if: { properties: { task: { const: name } }, required: ['task'] },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: {
            properties: { args: { $ref: `#/$defs/${name}` } },
            ...(takesNone(args) ? {} : { required: ['args'] }),
          },
        })),
      },
      chain: {
        description: 'One after the other; each gets the result of the one before. Its result is the last one’s',
        ...object(['chain'], { chain: SOME }),
      },
      group: {
        description: 'All at once, with the same input. Its result is the list of theirs',
        ...object(['group'], { group: SOME }),
      },
      chord: {
        description: 'A group, and a body that is called once with the list of its results. Its result is the body’s',
        ...object(['chord', 'body'], { chord: SOME, body: { $ref: '#' } }),
      },
      ...Object.fromEntries(tasks.map(({ name, args }) => [name, argsSchema(publicUrl, name, args)])),
    },
  };
}

function object(required: string[], properties: JsonSchema): JsonSchema {
  return { type: 'object', properties: { ...properties, ...LINKED }, required, additionalProperties: false };
}

/** Names that may be called: those that are registered, and any in a queue that another service owns. */
function namesOf({ names, routes }: Registry): JsonSchema[] {
  return [{ enum: names }, ...routes.map((route) => ({ pattern: `^${route}\\.` }))];
}

/** Whether a task can be called without arguments. */
function takesNone(args: ArgsSchema): boolean {
  try {
    return args.safeParse({}).success;
  } catch {
    return true;
  }
}

/** A task's arguments. An own task's schema may be of another zod; where that cannot be told, it is any object. */
function argsSchema(publicUrl: string, name: string, args: ArgsSchema): JsonSchema {
  if (BUILT_IN_REGISTRY.lookUp(name)) return plain(args as unknown as z.ZodType);
  try {
    // With an address of its own, since it may refer to parts of itself.
    return { ...plain(args as unknown as z.ZodType), $id: new URL(`/schemas/tasks/${name}.json`, publicUrl).href };
  } catch {
    return { type: 'object' };
  }
}

function plain(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}
