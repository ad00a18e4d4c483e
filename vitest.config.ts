import { defineConfig } from 'vitest/config';

const source = (folder: string) => new URL(folder, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    // Tests run on the sources; only processes that a test starts run what `tsc -b` built.
    alias: [
      { find: /^@parcelpost\/shared\/(.*)\.js$/, replacement: `${source('packages/shared/src/')}$1.ts` },
      { find: /^@parcelpost\/infra\/(.*)\.js$/, replacement: `${source('infra/src/')}$1.ts` },
      { find: /^@parcelpost\/worker\/(.*)\.js$/, replacement: `${source('apps/worker/src/')}$1.ts` },
    ],
  },
  test: {
    include: ['apps/**/*.test.ts', 'packages/**/*.test.ts', 'infra/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: ['test/support/global-setup.ts'],
    // Most files wait for processes of theirs more than they compute.
    maxWorkers: 2,
    // Of use where a test waits for what never comes; what is slow on a busy machine is not wrong.
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});
