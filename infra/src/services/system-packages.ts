/** Programs that npm cannot bring: found on the PATH, else installed where that can be done without asking anybody. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface WantedProgram {
  /** Any of these names will do. */
  programs: string[];
  /** What it is for, to end the sentence "… is needed to". */
  purpose: string;
  apt: string;
  brew: string;
}

/** Path of the first of `programs` on the PATH. */
export function findProgram(programs: string[]): string | undefined {
  // Debian keeps servers out of a plain user's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];
  for (const program of programs) {
    for (const folder of folders.filter((folder) => folder !== '')) {
      const path = join(folder, program);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this one.
      }
    }
  }
  return undefined;
}

/**
 * Finds a program, installing its package first where that is possible: by apt-get as root, by brew on a Mac.
 * @returns its path
 * @throws an error that says in one line how to install it
 */
export function needProgram(wanted: WantedProgram, log: (line: string) => void = () => undefined): string {
  const found = findProgram(wanted.programs);
  if (found) return found;
  const how = installCommand(wanted);
  if (how.commands.length > 0) {
    log(`installing ${wanted.programs[0]}: ${how.text}`);
    for (const [command, ...args] of how.commands) {
      spawnSync(command as string, args, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    }
    const installed = findProgram(wanted.programs);
    if (installed) return installed;
  }
  throw new Error(
    `${wanted.programs.join(' or ')} is needed to ${wanted.purpose} and is not on the PATH; install it: ${how.text}`,
  );
}

function installCommand(wanted: WantedProgram): { commands: string[][]; text: string } {
  if (process.platform === 'darwin') {
    const brew = findProgram(['brew']);
    return { commands: brew ? [[brew, 'install', wanted.brew]] : [], text: `brew install ${wanted.brew}` };
  }
  const apt = findProgram(['apt-get']);
  if (!apt) return { commands: [], text: `the package ${wanted.apt} (or what your system calls it)` };
  if (process.getuid?.() !== 0)
    return { commands: [], text: `sudo apt-get update && sudo apt-get install -y ${wanted.apt}` };
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
  return {
    commands: [
      [apt, ...options, 'update'],
      [apt, ...options, 'install', '-y', '--no-install-recommends', wanted.apt],
    ],
    text: `apt-get update && apt-get install -y ${wanted.apt}`,
  };
}
