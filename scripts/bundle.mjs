// Bundles the commands to one file each, so that they start fast: `node scripts/bundle.mjs` after `tsc -b`.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { requireLine, root } from './setup.mjs';

const cli = 'packages/cli/dist/ctvirt';
/** @type {readonly { entry: string, out: string, options: import('esbuild').BuildOptions }[]} */
const bundles = [
  {
    entry: 'packages/cli/dist/main.js',
    out: `${cli}.cjs`,
    // A function for the launcher, which V8 can keep compiled.
    options: {
      format: 'cjs',
      supported: { 'dynamic-import': false },
      banner: { js: '((require, module, exports) => {' },
      footer: { js: '})' },
    },
  },
  {
    entry: 'packages/daemon/dist/main.js',
    out: 'packages/daemon/dist/ctvirtd.mjs',
    options: {
      format: 'esm',
      // koffi finds its native part beside itself.
      external: ['koffi'],
      banner: { js: `#!/usr/bin/env node\n${requireLine}` },
    },
  },
];

for (const { entry, out, options } of bundles) {
  if (!existsSync(root + entry)) continue;
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    platform: 'node',
    target: 'node20',
    charset: 'ascii',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    ...options,
  });
  chmodSync(root + out, 0o755);
  const [{ bytes }] = Object.values(metafile?.outputs ?? {});
  console.log(`${out}: ${Math.round(bytes / 1024)} KiB`);
}

if (existsSync(`${root}${cli}.cjs`)) {
  const launcher = `${root}${cli}.mjs`;
  copyFileSync(`${root}scripts/launcher.mjs`, launcher);
  chmodSync(launcher, 0o755);
  rmSync(`${root}${cli}.cjs.cache`, { force: true });
  // Functions are compiled when they are first called: what the most frequent verbs need is called once here.
  const check = [launcher, 'xml', 'validate', `${root}examples/105.xml`];
  const env = { ...process.env, CTVIRT_KEEP_CODE: '1' };
  execFileSync(process.execPath, check, { stdio: ['ignore', 'ignore', 'inherit'], env });
  writeFileSync(`${root}${cli}.1`, execFileSync(process.execPath, [launcher, 'help', '--man']));
}
