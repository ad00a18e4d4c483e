/** Programs that npm cannot bring: found on the PATH, else installed where that can be done without asking anybody. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface WantedTool {
  /** What it is called where people read of it. */
  name: string;
  /** What it is needed for, to end the sentence "… is needed to". */
  purpose: string;
  /** Says whether it is there. */
  present: () => boolean;
  /** Its package on Debian and its kin. */
  apt: string;
  /** Its formula of Homebrew. */
  brew?: string;
  /** Its package of Python where Homebrew has no formula. */
  pip?: string;
}

export interface WantedProgram extends Omit<WantedTool, 'name' | 'present' | 'pip'> {
  /** Any of these names will do. */
  programs: string[];
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

/** Where Chrome is on a Mac, which has no folder on the PATH for it. */
const CHROME_ON_A_MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The browser that tests drive: that of `CHROMIUM`, else the one of this system. */
export function findBrowser(): string | undefined {
  const named = process.env.CHROMIUM;
  if (named) return named;
  const found = findProgram(['chromium', 'chromium-browser', 'google-chrome']);
  return found ?? (existsSync(CHROME_ON_A_MAC) ? CHROME_ON_A_MAC : undefined);
}

/** A tool that is there when one of these programs is on the PATH. */
export function programTool({ programs, ...rest }: WantedProgram): WantedTool {
  return { ...rest, name: programs.join(' or '), present: () => findProgram(programs) !== undefined };
}

/**
 * Finds a program, installing its package first where that is possible: by apt-get as root, by brew on a Mac.
 * @returns its path
 * @throws an error that says in one line how to install it
 */
export function needProgram(wanted: WantedProgram, log?: (line: string) => void): string {
  needTools([programTool(wanted)], log);
  return findProgram(wanted.programs) as string;
}

/**
 * Sees to it that all of these tools are there, installing those that are missing in one go where that is possible.
 * @throws an error that names those that are still missing, and in the same line how to install them
 */
export function needTools(wanted: readonly WantedTool[], log: (line: string) => void = () => undefined): void {
  let missing = wanted.filter((tool) => !tool.present());
  if (missing.length === 0) return;
  const how = installation(missing);
  if (how.commands.length > 0) {
    log(`installing ${missing.map(({ name }) => name).join(', ')}: ${how.text}`);
    for (const [command, ...args] of how.commands) {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      // What it prints while all goes well is noise.
      spawnSync(command as string, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
    }
    missing = missing.filter((tool) => !tool.present());
    if (missing.length === 0) return;
  }
  const reasons = missing.map(({ name, purpose }) => `${name} is needed to ${purpose}`).join(', ');
  throw new Error(`${reasons}, and cannot be found; install it: ${installation(missing).text}`);
}

function installation(tools: readonly WantedTool[]): { commands: string[][]; text: string } {
  const names = (of: 'apt' | 'brew' | 'pip') => [...new Set(tools.flatMap((tool) => tool[of] ?? []))];
  if (process.platform === 'darwin') {
    const [formulas, modules] = [names('brew'), names('pip')];
    const commands = [
      ...(formulas.length > 0 ? [['brew', 'install', ...formulas]] : []),
      ...(modules.length > 0 ? [['python3', '-m', 'pip', 'install', '--user', ...modules]] : []),
    ];
    return {
      commands: commands.filter(([program = '']) => findProgram([program])),
      text: commands.map((command) => command.join(' ')).join(' && '),
    };
  }
  const packages = names('apt');
  const apt = findProgram(['apt-get']);
  if (!apt) return { commands: [], text: `${packages.join(', ')} (or what your system calls these packages)` };
  const text = `apt-get update && apt-get install -y ${packages.join(' ')}`;
  if (process.getuid?.() !== 0) return { commands: [], text: text.replaceAll('apt-get', 'sudo apt-get') };
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
  return {
    commands: [
      [apt, ...options, 'update'],
      [apt, ...options, 'install', '-y', '--no-install-recommends', ...packages],
    ],
    text,
  };
}
