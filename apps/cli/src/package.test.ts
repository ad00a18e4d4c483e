/** The package as it is published. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const here = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'parcelpost-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('stands by itself, with nothing beside it but the dependencies that it names', () => {
  const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  mkdirSync(join(folder, 'bin'));
  copyFileSync(join(here, 'package.json'), join(folder, 'package.json'));
  copyFileSync(join(here, 'bin/parcelpost.js'), join(folder, 'bin/parcelpost.js'));
  execFileSync(process.execPath, [join(here, 'bundle.mjs'), join(folder, 'bundle')]);
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(here, '../../node_modules', name), link);
  }
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [join(folder, 'bin/parcelpost.js'), ...args], {
      encoding: 'utf8',
      env: { HOME: folder },
    });
  expect(run('--version')).toBe(`${manifest.version}\n`);
  expect(run('export', '--help')).toContain('--on-success');
  // An empty zip: it is read, by the checks of the worker, and lacks its manifest.
  writeFileSync(join(folder, 'empty.zip'), Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex'));
  expect(() => run('verify', join(folder, 'empty.zip'))).toThrow(
    expect.objectContaining({ status: 1, stdout: expect.stringContaining('manifest-missing') }),
  );
  // What watches and downloads can be loaded too: it fails only of what it is not told.
  expect(() => run('list', '--json')).toThrow(
    expect.objectContaining({ status: 2, stdout: expect.stringContaining('"settings"') }),
  );
  expect(() => run('status', 'none', '--json')).toThrow(expect.objectContaining({ status: 2 }));
});
