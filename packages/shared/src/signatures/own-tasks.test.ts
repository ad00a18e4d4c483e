import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError } from '../config.js';
import { validateSignatures } from './check.js';
import { loadOwnTasks } from './own-tasks.js';
import { createRegistry } from './registry.js';
import { signatureSchema } from './schema.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-tasks-'));
  // As an installation has it: the module's own zod beside it.
  await mkdir(join(folder, 'node_modules'));
  const zod = dirname(createRequire(import.meta.url).resolve('zod/package.json'));
  await symlink(zod, join(folder, 'node_modules/zod'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
async function moduleOf(source: string): Promise<string> {
  count += 1;
  const path = join(folder, `tasks-${count}.mjs`);
  await writeFile(path, `import { z } from 'zod';\nconst args = z.object({});\nconst handle = () => null;\n${source}`);
  return path;
}

it('loads the tasks of a module by its path, absolute, relative or as a URL', async () => {
  const path = await moduleOf(
    `export const tasks = { 'lake.load': { summary: 'Loads', args: z.strictObject({ table: z.string() }), handle } };`,
  );
  for (const name of [path, relative(process.cwd(), path), pathToFileURL(path).href]) {
    const tasks = await loadOwnTasks(name);
    expect(Object.keys(tasks)).toEqual(['lake.load']);
    const registry = createRegistry({ own: tasks });
    const list = [signatureSchema.parse({ task: 'lake.load', args: { table: 7 } })];
    expect(validateSignatures(list, '/onSuccess', registry)).toMatchObject([{ pointer: '/onSuccess/0/args/table' }]);
  }
});

it('loads the tasks of a package by its name', async () => {
  // Any package will do: it is found, and found to have no tasks.
  await expect(loadOwnTasks('zod')).rejects.toThrow('TASKS_MODULE is wrong: zod does not export `tasks`');
});

it.each([
  ['', 'does not export `tasks`'],
  ['export const tasks = null;', 'does not export `tasks`'],
  ['export default { tasks: {} };', 'does not export `tasks`'],
  ['export const tasks = {;', 'cannot be loaded'],
  ["throw new Error('no such lake');", 'cannot be loaded: no such lake'],
  ["import 'no-such-package-anywhere';", 'is not found, or imports what is not there'],
  ["export const tasks = { lake: { summary: 'x', args, handle } };", 'the task "lake" of'],
  ["export const tasks = { 'lake load.x': { summary: 'x', args, handle } };", 'has a name that cannot be used'],
  ["export const tasks = { 'msg.email': { summary: 'x', args, handle } };", 'has the name of a built-in task'],
  ["export const tasks = { 'meta.x': { summary: 'x', args, handle } };", 'would run in the queue meta'],
  ["export const tasks = { 'export.x': { summary: 'x', args, handle } };", 'would run in the queue export'],
  ["export const tasks = { 'lake.load': handle };", 'is not an object {summary, args, handle}'],
  ["export const tasks = { 'lake.load': { args, handle } };", 'has no summary'],
  ["export const tasks = { 'lake.load': { summary: 'x', handle } };", 'has no `args`'],
  ["export const tasks = { 'lake.load': { summary: 'x', args: { table: 'string' }, handle } };", 'has no `args`'],
  ["export const tasks = { 'lake.load': { summary: 'x', args } };", 'has no function `handle`'],
  ["export const tasks = { 'lake.load': { summary: 'x', args, handle, resolve: 7 } };", 'has a `resolve`'],
])('refuses a module with %j: %s', async (source, message) => {
  const loading = loadOwnTasks(await moduleOf(source));
  await expect(loading).rejects.toThrow(ConfigError);
  await expect(loading).rejects.toThrow(message);
  await expect(loading).rejects.toThrow(/^TASKS_MODULE is wrong: /);
});

it.each(['/no/such/tasks.mjs', './no/such/tasks.mjs', 'no-such-package-anywhere'])(
  'says that %s is not found',
  (name) => expect(loadOwnTasks(name)).rejects.toThrow(`TASKS_MODULE is wrong: ${name} is not found`),
);
