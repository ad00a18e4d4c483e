/**
 * The tasks that a signature may name, the shape of their arguments, and the check of a request's signatures.
 * A registry is a plain object: spread the built-in one to add tasks of your own.
 */
import { z } from 'zod';
import { type FieldError, ProblemError } from '../errors.js';
import type { Signature } from '../export-request.js';
import type { JsonValue } from '../export-result.js';
import { fieldErrors, jsonPointer } from '../field-errors.js';

/** What is known, when an export is requested, about the person who asks. */
export interface ResolveContext {
  requester: { email: string };
}

/** A task as the registry knows it. Make one with {@link defineTask}, so that `resolve` is typed by `args`. */
export interface TaskDefinition {
  /** What the task does, in one sentence. */
  summary: string;
  /** Shape of the arguments; an object. Its output is JSON again, and what the schema accepts. */
  args: z.ZodType<Record<string, JsonValue>>;
  /** Fills what depends on the asker. Gets arguments that `args` has parsed. */
  resolve?: ((args: never, context: ResolveContext) => Record<string, JsonValue>) | undefined;
}

/** Tasks by name; what stands before a name's first dot is the queue that runs it. */
export type TaskRegistry = Readonly<Record<string, TaskDefinition>>;

/** Ties a task's argument schema to its `resolve`. */
export function defineTask<A extends z.ZodType<Record<string, JsonValue>>>(definition: {
  summary: string;
  args: A;
  resolve?: (args: z.output<A>, context: ResolveContext) => z.input<A> & Record<string, JsonValue>;
}): TaskDefinition {
  return definition;
}

/** HTML's own definition of an address (WHATWG, `input type=email`), at the length that SMTP carries (RFC 5321 4.5.3.1). */
const address = z
  .string()
  .max(254, 'an e-mail address has at most 254 characters')
  .regex(z.regexes.html5Email, 'must be an e-mail address such as ana@example.org');

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const singleLine = z.string().regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/u, 'must be a single line');

/** Arguments of `msg.email`; `to` is a list once parsed, and always there once resolved. */
export const emailArgs = z.strictObject({
  to: z
    .union([
      address.transform((one) => [one]),
      z
        .array(address)
        .min(1, 'needs at least one address')
        .max(20, 'takes at most 20 addresses')
        .transform((all) => [...new Set(all)]),
    ])
    .exactOptional()
    .describe('One address or a list of up to 20; the requester if left out'),
  subject: singleLine
    .max(200, 'has at most 200 characters')
    .refine((text) => text.trim() !== '', 'must not be blank')
    .exactOptional()
    .describe('Subject line, in place of the usual one'),
});

/** Arguments of `webhook.post`. */
export const webhookArgs = z.strictObject({
  url: z
    .string()
    .max(2048, 'has at most 2048 characters')
    .superRefine((text, context) => {
      const complaint = webhookUrlComplaint(text);
      if (complaint) context.addIssue({ code: 'custom', message: complaint });
    })
    .describe('Where to POST to: http or https, without user name or password'),
  note: z.string().max(500, 'has at most 500 characters').exactOptional().describe('Handed back as `data.note`'),
});

function webhookUrlComplaint(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a whole URL such as https://example.org/hook';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password';
  return undefined;
}

/** The tasks that the worker itself knows how to run. */
export const BUILT_IN_TASKS = {
  'msg.email': defineTask({
    summary: 'Mails the result with a link to the export’s page, or the reason of its failure',
    args: emailArgs,
    resolve: (args, { requester }) => ({ ...args, to: args.to ?? [requester.email] }),
  }),
  'webhook.post': defineTask({
    summary: 'POSTs the result or the reason of the failure as JSON, signed as Standard Webhooks',
    args: webhookArgs,
  }),
} as const satisfies TaskRegistry;

/** The queue that runs a task: its name up to the first dot. */
export function queueOfTask(task: string): string {
  return task.split('.', 1)[0] as string;
}

/**
 * Checks that every signature names a task of the registry and bears arguments that the task takes.
 * @param pointer where the list stands in the request's body, as a JSON Pointer (RFC 6901)
 * @returns one entry for each wrong place, pointing at it (`/onSuccess/0/args/to`); empty when all is well
 */
export function validateSignatures(
  list: readonly Signature[],
  pointer: '/onSuccess' | '/onFailure',
  registry: TaskRegistry = BUILT_IN_TASKS,
): FieldError[] {
  return list.flatMap((signature, index) => {
    const at = `${pointer}/${index}`;
    const definition = lookUp(registry, signature.task);
    if (!definition) return [{ pointer: `${at}/task`, detail: unknownTask(registry, signature.task) }];
    const parsed = definition.args.safeParse(signature.args);
    return parsed.success
      ? []
      : fieldErrors(parsed.error.issues, {
          place: (path) => `${at}/args${jsonPointer(path)}`,
          unknown: 'unknown argument',
        });
  });
}

/**
 * Puts signatures into the form in which they are stored: arguments normalized, and what depends on the asker filled in
 * (the address of `msg.email` without `to`). Call it with signatures that {@link validateSignatures} has found right.
 * @throws ProblemError 422, naming the field, if a signature is wrong nonetheless, as when the asker's own address,
 *   taken in place of a missing `to`, is not one that mail can be sent to
 */
export function resolveSignatures(
  list: readonly Signature[],
  pointer: '/onSuccess' | '/onFailure',
  context: ResolveContext,
  registry: TaskRegistry = BUILT_IN_TASKS,
): Signature[] {
  const wrong = validateSignatures(list, pointer, registry);
  const resolved = wrong.length > 0 ? [] : list.map((signature) => resolveOne(signature, context, registry));
  wrong.push(...validateSignatures(resolved, pointer, registry));
  if (wrong.length > 0) {
    const [first] = wrong as [FieldError];
    throw new ProblemError(422, 'invalid-request', 'The request is not valid', `${first.pointer}: ${first.detail}`, {
      errors: wrong,
    });
  }
  return resolved;
}

function resolveOne(signature: Signature, context: ResolveContext, registry: TaskRegistry): Signature {
  const definition = lookUp(registry, signature.task) as TaskDefinition;
  const args = definition.args.parse(signature.args);
  return { ...signature, args: definition.resolve ? definition.resolve(args as never, context) : args };
}

/** Own properties only: a task called `constructor` is not one. */
function lookUp(registry: TaskRegistry, task: string): TaskDefinition | undefined {
  return Object.hasOwn(registry, task) ? registry[task] : undefined;
}

function unknownTask(registry: TaskRegistry, task: string): string {
  const names = Object.keys(registry).sort();
  const queues = [...new Set(names.map(queueOfTask))];
  const queue = queueOfTask(task);
  return queues.includes(queue)
    ? `unknown task ${task}; known are ${names.join(', ')}`
    : `unknown queue ${queue} in task ${task}; known queues are ${queues.join(', ')}`;
}
