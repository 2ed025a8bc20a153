// Makes the Debian package: a folder as the files will lie, and dpkg-deb.
// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { keepCode } from '../keep-code.mjs';
import { fromNpm } from '../other-node.mjs';
import { debianPackages, root } from '../setup.mjs';
import { command } from '../steps.mjs';
import { contents, nodePath, programFolder } from './contents.mjs';
import { changelogText, conffilesText, controlText, foreignLibraries, sumsText } from './control.mjs';
import { copyrightText, thirdPartyText } from './copyright.mjs';

/**
 * Processors by Debian's names: Node's name, and whose tools.
 *
 * @type {Readonly<Record<string, { cpu: string, tools: string }>>}
 */
export const architectures = {
  amd64: { cpu: 'x64', tools: 'x86_64-linux-gnu' },
  arm64: { cpu: 'arm64', tools: 'aarch64-linux-gnu' },
};

/** @typedef {import('./contents.mjs').Entry} Entry */
/** @typedef {import('../steps.mjs').Note} Note */
/**
 * `node` is the program that goes into the package: this one, or the same from npm where it is of another processor or needs
 * libraries of its Debian's, if it is left out.
 *
 * @typedef {{ version: string, arch: string, node?: string, out: string, compression?: string, note?: Note }} Wanted
 */

const own = join(root, 'scripts/package/debian');
const documents = 'usr/share/doc/ctvirt';

/**
 * @param {Wanted} wanted
 * @returns {Promise<string>} the package
 */
export async function makeDebianPackage({ version, arch, node: given, out, compression = 'xz', note }) {
  const { cpu, tools } = architectures[arch];
  await debianPackages(['binutils', `binutils-${tools.replace('_', '-')}`, 'dpkg', 'git']);
  const node = given ?? (await nodeFor(cpu, note));
  const date = new Date(1000 * Number(await command(['git', '-C', root, 'log', '-1', '--format=%ct'])));
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-package-'));
  // dpkg takes folders with the modes that they have here.
  const umask = process.umask(0o022);
  try {
    const stripped = join(folder, 'node');
    copyFileSync(node, stripped);
    // Symbols for debuggers.
    await command([`${tools}-strip`, '--strip-unneeded', stripped], note);
    const tree = join(folder, 'tree');
    const entries = [
      ...(await contents({ node: stripped, native: await nativeFor(cpu, note) })),
      { path: join(documents, 'copyright'), content: copyrightText },
      { path: join(documents, 'third-party.txt.gz'), content: gzipSync(thirdPartyText(node), { level: 9 }) },
      {
        path: join(documents, 'changelog.gz'),
        content: gzipSync(changelogText(version, date), { level: 9 }),
      },
      {
        path: 'usr/share/lintian/overrides/ctvirt',
        content: readFileSync(join(own, 'lintian-overrides')),
      },
    ];
    for (const entry of entries) place(tree, entry);
    if (cpu === process.arch) entries.push(...(await compiled(tree)));
    for (const entry of [
      {
        path: 'control',
        content: await controlText({ version, architecture: arch, node: stripped, entries }),
      },
      { path: 'conffiles', content: conffilesText(entries) },
      { path: 'md5sums', content: sumsText(entries) },
      ...['postinst', 'prerm', 'postrm'].map((name) => ({
        path: name,
        isProgram: true,
        content: readFileSync(join(own, name)),
      })),
    ])
      place(join(tree, 'DEBIAN'), entry);
    const path = join(out, `ctvirt_${version}_${arch}.deb`);
    // Made twice of the same commit it is the same.
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(date.getTime() / 1000) };
    await command(['dpkg-deb', '--root-owner-group', `-Z${compression}`, '--build', tree, path], note, {
      env,
    });
    return path;
  } finally {
    process.umask(umask);
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} cpu
 * @param {Note} [note]
 */
async function nodeFor(cpu, note) {
  const isOwn = cpu === process.arch && (await foreignLibraries(process.execPath)).length === 0;
  if (isOwn) return process.execPath;
  return join(await fromNpm(`node-linux-${cpu}`, process.versions.node, note), 'bin/node');
}

/**
 * npm installs koffi's native part for this processor alone.
 *
 * @param {string} cpu
 * @param {Note} [note]
 */
async function nativeFor(cpu, note) {
  const name = `@koromix/koffi-linux-${cpu}`;
  if (cpu === process.arch) return join(root, 'node_modules', name);
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/koffi/package.json'), 'utf8'));
  return await fromNpm(name, version, note);
}

/**
 * @param {string} tree
 * @param {Entry} entry
 */
function place(tree, { path, content = '', link, isProgram = false }) {
  const target = join(tree, path);
  mkdirSync(dirname(target), { recursive: true });
  if (link !== undefined) return symlinkSync(link, target);
  writeFileSync(target, content);
  chmodSync(target, isProgram ? 0o755 : 0o644);
}

/**
 * The command line as the Node of the package has compiled it.
 *
 * @param {string} tree
 * @returns {Promise<Entry[]>}
 */
async function compiled(tree) {
  await keepCode(join(tree, nodePath), join(tree, programFolder, 'ctvirt.cjs'));
  const folder = join(programFolder, 'code');
  return readdirSync(join(tree, folder))
    .filter((name) => name.endsWith('.cache'))
    .map((name) => ({ path: join(folder, name), content: readFileSync(join(tree, folder, name)) }));
}
