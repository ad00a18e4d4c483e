/** The tasks that every installation knows: what they do, the shape of their arguments, and how often they are tried. */
import { z } from 'zod';
import type { FieldError } from '../errors.js';
import { exportRequestSchemaOf, FORMATS } from '../export-request.js';
import type { JsonValue } from '../export-result.js';
import { fieldErrors, jsonPointer } from '../field-errors.js';

/** What is known, when an export is requested, about the person who asks. */
export interface ResolveContext {
  requester: { email: string };
}

/** Arguments of a task, as JSON has them. */
export type TaskArgs = Record<string, JsonValue>;

/** What a task's arguments are checked by: a zod schema of whatever copy of zod. */
export interface ArgsSchema {
  safeParse(
    value: unknown,
  ): { success: true; data: unknown } | { success: false; error: { issues: readonly object[] } };
}

/** A task as the registry knows it. Make one with {@link defineTask}, so that `resolve` is typed by `args`. */
export interface TaskDefinition {
  /** What the task does, in one sentence. */
  summary: string;
  /** Shape of the arguments; an object. Its output is JSON again, and what the schema accepts. */
  args: ArgsSchema;
  /** Fills what depends on the asker. Gets arguments that `args` has parsed. */
  resolve?: ((args: never, context: ResolveContext) => TaskArgs) | undefined;
}

/** Ties a task's argument schema to its `resolve`. */
export function defineTask<A extends z.ZodType<object>>(definition: {
  summary: string;
  args: A;
  resolve?: (args: z.output<A>, context: ResolveContext) => z.input<A> & TaskArgs;
}): TaskDefinition & { args: A } {
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
    .regex(/\S/, 'must not be blank')
    .exactOptional()
    .describe('Subject line, in place of the usual one'),
});

/** A whole URL of the web whose authority holds no user; what else may be wrong with it, the URL parser tells. */
const WEB_URL = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#@\\]+([/?#]\S*)?$/;

/** Arguments of `webhook.post`. */
export const webhookArgs = z.strictObject({
  url: z
    .string()
    .max(2048, 'has at most 2048 characters')
    .superRefine((text, context) => {
      const complaint = webhookUrlComplaint(text);
      if (complaint) context.addIssue({ code: 'custom', message: complaint });
    })
    .describe('Where to POST to: http or https, without user name or password')
    .meta({ pattern: WEB_URL.source }),
  note: z.string().max(500, 'has at most 500 characters').exactOptional().describe('Handed back as `data.note`'),
});

function webhookUrlComplaint(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a whole URL such as https://example.org/hook';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password';
  return WEB_URL.test(text) ? undefined : 'must be written out, such as https://example.org/hook';
}

/** Arguments of `log.info`. */
export const logArgs = z.strictObject({
  message: z.string().max(500, 'has at most 500 characters').exactOptional().describe('What the log is to say'),
});

const slug = (of: string) =>
  z
    .string()
    .max(200, 'has at most 200 characters')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    .regex(/^(?!\.{1,2}$)[^/\\?#\u0000-\u001f\u007f]+$/u, `must be the slug of ${of}, as in its address`);

/** Arguments of `export.project`. The request is checked like any other; its signatures count among those of the first. */
const nextExportArgs = (formats: readonly string[]) =>
  z.strictObject({
    organization: slug('an organization')
      .exactOptional()
      .describe('Slug of the organization; that of the export before it if left out'),
    project: slug('a project').describe('Slug of the project'),
    request: exportRequestSchemaOf(formats).describe('As the body of a request for an export'),
  });
export type NextExportArgs = z.output<ReturnType<typeof nextExportArgs>>;

/** The task that starts the next export. @param formats that its request may name */
export const nextExportTask = (formats: readonly string[]) =>
  defineTask({
    summary: 'Starts the next export in the name of the same person, with follow-ups of its own',
    args: nextExportArgs(formats),
  });

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
  'export.project': nextExportTask(FORMATS),
  'log.info': defineTask({
    summary: 'Writes a line into the log of the worker',
    args: logArgs,
  }),
} as const;

/** The queue that runs a task: its name up to the first dot. */
export function queueOfTask(task: string): string {
  return task.split('.', 1)[0] as string;
}

/** What the service itself defers until a decision is committed: see the worker's follow-ups. No request can name it. */
export const REMOVE_REPLACED_TASK = 'export.remove-replaced';

/** How often a task is tried that does not say so itself, and after what first pause in milliseconds, which doubles. */
const USUAL_TRIES = { attempts: 3, backoff: 2000 };
const TRIES: Readonly<Record<string, typeof USUAL_TRIES>> = {
  'msg.email': { attempts: 8, backoff: 2000 },
  // Its last try is about eleven hours after the first: a receiver may be away for a night.
  'webhook.post': { attempts: 14, backoff: 5000 },
  // Storage may be away for an hour.
  [REMOVE_REPLACED_TASK]: { attempts: 10, backoff: 5000 },
};

/** The tries of a task whose signature does not name them. */
export function defaultsOf(task: string): { attempts: number; backoff: number } {
  return (Object.hasOwn(TRIES, task) && TRIES[task]) || USUAL_TRIES;
}

/**
 * Checks a task's arguments.
 * @param pointer where they stand (`/onSuccess/0/args`)
 * @returns the arguments as they are stored, or what is wrong with them
 */
export function parseArgs(
  { args: schema }: TaskDefinition,
  args: unknown,
  pointer: string,
): { args: TaskArgs } | { errors: FieldError[] } {
  const parsed = schema.safeParse(args);
  if (!parsed.success) {
    const place = (path: readonly PropertyKey[]) => `${pointer}${jsonPointer(path)}`;
    return {
      errors: fieldErrors(parsed.error.issues as z.core.$ZodIssue[], { place, unknown: 'unknown argument' }),
    };
  }
  const stored = asJson(parsed.data);
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) {
    return { errors: [{ pointer, detail: 'the task’s own schema makes no object of these arguments' }] };
  }
  return { args: stored };
}

/** What JSON makes of a value: so it is stored, signed and handed on. */
export function asJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}
