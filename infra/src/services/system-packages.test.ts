import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProgram, needProgram } from './system-packages.js';

const wanted = { programs: ['pp-none', 'pp-tool'], purpose: 'test this', apt: 'pp-tools', brew: 'pp-brew' };
const path = process.env.PATH;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-path-'));
  process.env.PATH = folder;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

function program(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('programs that npm cannot bring', () => {
  test('are found by any of their names', () => {
    const file = program('pp-tool', '');
    expect(findProgram(['pp-none', 'pp-tool'])).toBe(file);
    expect(needProgram(wanted)).toBe(file);
  });

  test('are named, with their use and how to install them, in one line', () => {
    // A package manager that cannot install it, for those who may use one.
    for (const manager of ['apt-get', 'brew']) program(manager, 'exit 100');
    const error = (() => {
      try {
        return needProgram(wanted);
      } catch (thrown) {
        return (thrown as Error).message;
      }
    })();
    expect(error).toMatch(
      /^pp-none or pp-tool is needed to test this, and cannot be found; install it: .*(pp-tools|pp-brew)$/,
    );
  });

  test('are installed by the package manager, its lists brought up to date first, by those who may', () => {
    for (const manager of ['apt-get', 'brew']) {
      program(
        manager,
        `echo "$@" >> ${folder}/asked; printf '#!/bin/sh\\n' > ${folder}/pp-tool; /bin/chmod 755 ${folder}/pp-tool`,
      );
    }
    const may = process.platform === 'darwin' || process.getuid?.() === 0;
    if (!may) {
      expect(() => needProgram(wanted)).toThrow('sudo apt-get update && sudo apt-get install -y pp-tools');
      return;
    }
    expect(needProgram(wanted)).toBe(join(folder, 'pp-tool'));
    const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
    if (process.platform === 'darwin') expect(asked).toEqual(['install pp-brew']);
    else expect(asked).toEqual([expect.stringMatching(/ update$/), expect.stringMatching(/ install .*pp-tools$/)]);
  });
});
