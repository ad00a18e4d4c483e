#!/usr/bin/env node
/** Starts the command line: from what `tsc -b` built in a clone, from the bundle where it was installed as a package. */
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
const entry = ['../dist/main.js', '../bundle/main.js'].map((path) => new URL(path, import.meta.url)).find(existsSync);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`parcelpost needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exitCode = 70;
} else if (!entry) {
  console.error('parcelpost is not built yet. In the folder of the repository: npm run build');
  process.exitCode = 70;
} else {
  await import(entry.href);
}
