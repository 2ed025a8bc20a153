// Bundles the commands to one file each, so that they start fast: `node scripts/bundle.mjs` after `tsc -b`.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { buildConsole } from './console.mjs';
import { keepCode } from './keep-code.mjs';
import { requireLine, root } from './setup.mjs';

const cli = 'packages/cli/dist/';
/** What not every verb needs: parts of their own, which the launcher loads at the first use. None does anything when it is loaded. */
const lateParts = ['@ctvirt/xml', '@ctvirt/formats', '@ctvirt/rpc'];

/** @typedef {{ entry: string, out: string, options: import('esbuild').BuildOptions }} Bundle */

/**
 * A function for the launcher, which V8 can keep compiled.
 *
 * @param {string} name
 * @param {string} entry
 * @returns {Bundle}
 */
const part = (name, entry) => ({
  entry,
  out: `${cli}code/${name}.js`,
  options: {
    format: 'cjs',
    supported: { 'dynamic-import': false },
    external: lateParts.filter((part) => part !== `@ctvirt/${name}`),
    banner: { js: '((require, module, exports) => {' },
    footer: { js: '})' },
  },
});

/** @type {readonly Bundle[]} */
const bundles = [
  part('cli', `${cli}main.js`),
  part('vz', `${cli}vz/main.js`),
  ...lateParts.map((late) => {
    const name = late.slice('@ctvirt/'.length);
    return part(name, `packages/${name}/dist/index.js`);
  }),
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

rmSync(`${root}${cli}code`, { recursive: true, force: true });
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
  if (options.format === 'esm') chmodSync(root + out, 0o755);
  const [{ bytes }] = Object.values(metafile?.outputs ?? {});
  console.log(`${out}: ${Math.round(bytes / 1024)} KiB`);
}

await buildConsole();

if (existsSync(`${root}${cli}main.js`)) {
  const launcher = `${root}${cli}ctvirt.cjs`;
  copyFileSync(`${root}scripts/launcher.cjs`, launcher);
  chmodSync(launcher, 0o755);
  const { programNames } = await import('../packages/cli/dist/vz/names.js');
  for (const name of programNames) {
    const link = `${root}${cli}${name}.cjs`;
    rmSync(link, { force: true });
    symlinkSync('ctvirt.cjs', link);
  }
  await keepCode(process.execPath, launcher);
  writeFileSync(`${root}${cli}ctvirt.1`, execFileSync(process.execPath, [launcher, 'help', '--man']));
}
