// The disk with what is tested: this Node, the built commands and the stories, laid out as in the checkout.
// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, cpSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { requireLine, root } from '../setup.mjs';
import { command } from '../steps.mjs';
import { isDebianNode } from './image.mjs';

const copied = [
  ...['packages/daemon/dist/ctvirtd.mjs', 'packages/daemon/systemd'],
  ...['packages/cli/dist/ctvirt.cjs', 'packages/cli/dist/code'],
  ...['node_modules/koffi', 'node_modules/@koromix', 'scripts/vm/reporter.mjs', 'examples', 'package.json'],
];

/** The machine has these of its own, and no two of them get along. */
const systemLibraries = /\/(ld-linux|lib(c|m|dl|rt|pthread|resolv|stdc\+\+|gcc_s))[-.]/;

/**
 * Makes the disk in `folder` and returns its path; the stories find `env` in their environment.
 *
 * @param {string} folder
 * @param {readonly string[]} stories
 * @param {Readonly<Record<string, string>>} env
 * @param {string | undefined} zfs modules and tools, where they are built
 */
export async function codeDisk(folder, stories, env, zfs) {
  const tree = join(folder, 'code');
  for (const path of copied) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    cpSync(join(root, path), join(tree, path), { recursive: true });
  }
  await addNode(tree);
  if (zfs !== undefined) cpSync(zfs, join(tree, 'zfs'), { recursive: true });
  const files = stories.map((name) => join(root, 'e2e/dist/vm', `${name}.vm.js`));
  await bundleStories(join(tree, 'e2e/dist/vm/stories.mjs'), files, env);
  if (stories.some((name) => /^layers|^move-/.test(name))) await bundleLayers(join(tree, 'layers'));
  const disk = join(folder, 'code.ext4');
  await command(['mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-L', 'code', '-d', tree, disk, '512M']);
  return disk;
}

/** @param {string} tree */
async function addNode(tree) {
  for (const name of ['bin', 'lib']) mkdirSync(join(tree, name));
  if (isDebianNode) return symlinkSync('/usr/bin/node', join(tree, 'bin/node'));
  copyFileSync(realpathSync(process.execPath), join(tree, 'bin/node'));
  const lines = await command(['ldd', process.execPath]);
  for (const [, path] of lines.matchAll(/=> (\/\S+)/g))
    if (!systemLibraries.test(path)) copyFileSync(path, join(tree, 'lib', basename(path)));
}

/** @type {import('esbuild').BuildOptions} */
const bundled = { bundle: true, format: 'esm', platform: 'node', target: 'node20', external: ['koffi'] };

/** Ways to keep a layer that only the machine has what they take for. */
const layers = ['project', 'lvm-thin', 'zfs', 'zfs-streams'];

/**
 * The engine's own tests of them, with the program that these kill.
 *
 * @param {string} outdir
 */
async function bundleLayers(outdir) {
  const { build } = await import('esbuild');
  const dist = join(root, 'packages/engine/dist');
  await build({
    ...bundled,
    entryPoints: {
      ...Object.fromEntries(
        layers.map((name) => [`${name}.test`, join(dist, `storage/layers/${name}.test.js`)]),
      ),
      'layer-worker': join(dist, 'testing/layer-worker.js'),
    },
    outdir,
    logLevel: 'warning',
    banner: { js: requireLine },
  });
}

/**
 * One file, since each costs the emulated processor a good part of a second; they run in this order.
 *
 * @param {string} out
 * @param {readonly string[]} files
 * @param {Readonly<Record<string, string>>} env
 */
async function bundleStories(out, files, env) {
  // Not at the top: npm test reads this file before it has installed npm's packages.
  const { build } = await import('esbuild');
  await build({
    stdin: {
      contents: files.map((path) => `import ${JSON.stringify(path)};`).join('\n'),
      resolveDir: root,
    },
    absWorkingDir: root,
    ...bundled,
    outfile: out,
    logLevel: 'warning',
    banner: { js: `${requireLine} Object.assign(process.env, ${JSON.stringify(env)});` },
  });
}
