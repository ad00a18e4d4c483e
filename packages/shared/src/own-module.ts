/** Modules of an installation's own, which its configuration names. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from './config.js';

/**
 * Loads such a module.
 * @param variable of the environment that names it; errors begin with it
 * @param module a path (`./tasks.mjs`, `/srv/tasks.mjs`, also a file: URL), from the working directory, or a package's name
 * @throws {ConfigError} if it is not found or cannot be loaded
 */
export async function loadOwnModule(variable: string, module: string): Promise<Record<string, unknown>> {
  const isPath = /^(\.{0,2}[/\\]|[A-Za-z]:[/\\])/.test(module) || /\.[cm]?js$/.test(module);
  const specifier = isPath && !module.startsWith('file:') ? pathToFileURL(resolve(module)).href : module;
  try {
    return (await import(/* @vite-ignore */ specifier)) as Record<string, unknown>;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_INVALID_MODULE_SPECIFIER';
    const what = missing ? 'is not found, or imports what is not there' : 'cannot be loaded';
    throw new ConfigError(`${variable} is wrong: ${module} ${what}: ${message}`, { cause: error });
  }
}
