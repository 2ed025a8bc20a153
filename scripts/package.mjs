// `npm run package [-- --arch arm64] [--version V] [--node PROGRAM] [--out FOLDER]`: the Debian package, and those for npm.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { architectures, makeDebianPackage } from './package/debian.mjs';
import { packForNpm } from './package/npm.mjs';
import { buildCheckout, root } from './setup.mjs';
import { reportOf, StepError, step } from './steps.mjs';

async function main() {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
      version: { type: 'string' },
      node: { type: 'string' },
      out: { type: 'string', default: join(root, 'dist') },
    },
  });
  const { arch, node, out } = values;
  const version = values.version ?? JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  if (!Object.hasOwn(architectures, arch))
    throw new StepError(`--arch takes one of ${Object.keys(architectures).join(', ')}, not '${arch}'`);
  await buildCheckout();
  mkdirSync(out, { recursive: true });
  const made = [
    await step(`the Debian package for ${arch}`, (note) =>
      makeDebianPackage({ version, arch, node, out, note }),
    ),
    ...(await step('the packages for npm', (note) => packForNpm(out, note))),
  ];
  for (const path of made) console.log(path);
}

main().catch((error) => {
  process.stderr.write(`\n${reportOf(error)}\n`);
  process.exitCode = 1;
});
