// Bundles the commands to one file each, so that they start fast: `node scripts/bundle.mjs` after `tsc -b`.
// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url).pathname;

/** CommonJS packages inside a module bundle need a `require` for Node's own modules. */
const requireLine = `import { createRequire as ctvirtCreateRequire } from 'node:module'; const require = ctvirtCreateRequire(import.meta.url);`;

const bundles = [
  { entry: 'packages/cli/dist/main.js', out: 'packages/cli/dist/ctvirt.mjs', external: [] },
  // koffi finds its native part beside itself.
  { entry: 'packages/daemon/dist/main.js', out: 'packages/daemon/dist/ctvirtd.mjs', external: ['koffi'] },
];

for (const { entry, out, external } of bundles) {
  if (!existsSync(root + entry)) continue;
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    legalComments: 'none',
    metafile: true,
    banner: { js: `#!/usr/bin/env node\n${requireLine}` },
    logLevel: 'warning',
  });
  chmodSync(root + out, 0o755);
  const [{ bytes }] = Object.values(metafile.outputs);
  console.log(`${out}: ${Math.round(bytes / 1024)} KiB`);
}

if (existsSync(`${root}packages/cli/dist/ctvirt.mjs`)) {
  const page = execFileSync(process.execPath, [`${root}packages/cli/dist/ctvirt.mjs`, 'help', '--man']);
  writeFileSync(`${root}packages/cli/dist/ctvirt.1`, page);
}
