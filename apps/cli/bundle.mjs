/**
 * `npm pack` and `npm publish` run this: the sources become a package that stands by itself, in `bundle/`. What they take
 * of our other packages goes into it; what the registry has stays a dependency. `--remove` takes the folder away again;
 * any other argument is a folder to write to instead.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
/** Where our packages have their sources, by what they are imported as. */
const OURS = [
  [/^@parcelpost\/shared\/(.*)\.js$/, path('../../packages/shared/src/')],
  [/^@parcelpost\/worker\/(.*)\.js$/, path('../worker/src/')],
];

const [argument] = process.argv.slice(2);
const remove = argument === '--remove';
const outdir = remove || !argument ? path('bundle') : argument;
rmSync(outdir, { recursive: true, force: true });
if (!remove) {
  await build({
    entryPoints: [path('src/main.ts')],
    outdir,
    bundle: true,
    // Each command in a file of its own, which is loaded when it runs.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [
      {
        name: 'ours-inside',
        setup({ onResolve }) {
          onResolve({ filter: /^[^./]/ }, ({ path: imported, kind }) => {
            if (kind === 'entry-point') return undefined;
            for (const [name, folder] of OURS) {
              const [, file] = name.exec(imported) ?? [];
              if (file) return { path: `${folder}${file}.ts` };
            }
            return { path: imported, external: true };
          });
        },
      },
    ],
    logLevel: 'warning',
  });
  copyFileSync(path('../../LICENSE'), `${outdir}/LICENSE`);
}
