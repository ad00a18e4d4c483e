/** The check of a request's signatures against a registry, and the form in which they are stored. */
import type { FieldError } from '../errors.js';
import { MOST_ERRORS } from '../field-errors.js';
import { type CanvasHook, HOOKS, mapTasks, walk } from './place.js';
import type { Registry } from './registry.js';
import { NEXT_EXPORT_TASK, type Signature, type TaskSignature } from './signature.js';
import {
  asJson,
  type NextExportArgs,
  parseArgs,
  queueOfTask,
  type ResolveContext,
  type TaskArgs,
  type TaskDefinition,
} from './tasks.js';

/** Where a list of signatures stands in a request's body, as a JSON Pointer (RFC 6901). */
export type ListPointer = `${string}/${CanvasHook}`;

/**
 * Checks that every call in a list, whatever it stands in, names a task of the registry and bears arguments that the task
 * takes; those in the requests of next exports too. A task of another service's queue may have any arguments.
 * @returns one entry for each wrong place, pointing at it (`/onSuccess/0/chain/1/args/to`), at most {@link MOST_ERRORS};
 *   empty when all is well
 */
export function validateSignatures(list: readonly Signature[], pointer: ListPointer, registry: Registry): FieldError[] {
  const { hook, before } = split(pointer);
  const errors: FieldError[] = [];
  for (const [place, signature] of walk(list, hook)) {
    if ('task' in signature) errors.push(...validateCall(signature, `${before}/${place}`, registry));
    if (errors.length >= MOST_ERRORS) break;
  }
  return errors.slice(0, MOST_ERRORS);
}

function validateCall({ task, args }: TaskSignature, pointer: string, registry: Registry): FieldError[] {
  if (registry.isRouted(task)) return [];
  const definition = registry.lookUp(task);
  if (!definition) return [{ pointer: `${pointer}/task`, detail: unknownTask(registry, task) }];
  const parsed = parseArgs(definition, args, `${pointer}/args`);
  if ('errors' in parsed) return parsed.errors;
  if (task !== NEXT_EXPORT_TASK) return [];
  const { request } = parsed.args as unknown as NextExportArgs;
  return HOOKS.flatMap((hook) => validateSignatures(request[hook], `${pointer}/args/request/${hook}`, registry));
}

/**
 * Puts signatures into the form in which they are stored: arguments normalized, and what depends on the asker filled in
 * (the address of `msg.email` without `to`), in the requests of next exports too. What was resolved resolves to itself.
 * It is to be checked once more: the asker's own address, say, taken in place of a missing `to`, may be one that mail
 * cannot be sent to.
 * @param list signatures with which {@link validateSignatures} finds nothing wrong
 */
export function resolveSignatures(
  list: readonly Signature[],
  hook: CanvasHook,
  context: ResolveContext,
  registry: Registry,
): Signature[] {
  return mapTasks(list, hook, (signature) => {
    const definition = registry.lookUp(signature.task);
    return definition ? { ...signature, args: resolveArgs(signature, definition, context, registry) } : signature;
  });
}

function resolveArgs(
  { task, args }: TaskSignature,
  definition: TaskDefinition,
  context: ResolveContext,
  registry: Registry,
): TaskArgs {
  const parsed = parseArgs(definition, args, '');
  // They were found right before; a schema that says otherwise now is not one.
  if ('errors' in parsed) throw new Error(`the arguments of ${task} are right at one look and wrong at the next`);
  if (task !== NEXT_EXPORT_TASK) {
    return definition.resolve ? (asJson(definition.resolve(parsed.args as never, context)) as TaskArgs) : parsed.args;
  }
  const next = parsed.args as unknown as NextExportArgs;
  const request = { ...next.request };
  for (const hook of HOOKS) request[hook] = resolveSignatures(request[hook], hook, context, registry);
  return { ...next, request } as unknown as TaskArgs;
}

function unknownTask({ names, queues, routes }: Registry, task: string): string {
  const queue = queueOfTask(task);
  return queues.includes(queue)
    ? `unknown task ${task}; known are ${names.join(', ')}`
    : `unknown queue ${queue} in task ${task}; known queues are ${[...queues, ...routes].sort().join(', ')}`;
}

function split(pointer: ListPointer): { hook: CanvasHook; before: string } {
  const at = pointer.lastIndexOf('/');
  return { hook: pointer.slice(at + 1) as CanvasHook, before: pointer.slice(0, at) };
}
