// What the Debian package has in it: each file by its place, from where it comes.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../setup.mjs';
import { daemonPage, settingsPage } from './man.mjs';

/** The folder of the programs; their Node is there, too, since Debian 12 has none that is new enough. */
export const programFolder = 'usr/lib/ctvirt';
export const nodePath = `${programFolder}/ctvirt-node`;
/** What goes with the package, kept by dpkg when the administrator has changed it. */
export const configurationFolder = 'etc/ctvirt';

/**
 * One file; `link` is a symbolic link's target.
 *
 * @typedef {{ path: string, isProgram?: boolean, content?: string | Buffer, link?: string }} Entry
 */

/** @param {string} path */
const read = (path) => readFileSync(join(root, path));
/** @param {string | Buffer} content */
const packed = (content) => gzipSync(content, { level: 9 });

/**
 * A folder with all that is in it.
 *
 * @param {string} from
 * @param {string} to
 * @returns {Entry[]}
 */
const wholeFolder = (from, to) =>
  readdirSync(join(root, from), { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(root, from, name)).isFile())
    .map((name) => ({ path: join(to, name), content: read(join(from, name)) }));

/**
 * The commands that the packages of this repository name, by the files that have them.
 *
 * @returns {{ name: string, file: string }[]}
 */
const commands = () =>
  ['cli', 'daemon'].flatMap((name) => {
    const folder = join('packages', name);
    const { bin } = JSON.parse(String(read(join(folder, 'package.json'))));
    return Object.entries(bin).map(([command, file]) => ({
      name: command,
      file: join(folder, String(file)),
    }));
  });

/** @returns {Entry[]} */
function programs() {
  const found = commands();
  const files = [...new Set(found.map(({ file }) => file))];
  return [
    ...files.map((file) => ({
      path: join(programFolder, basename(file)),
      isProgram: true,
      content: String(read(file)).replace(/^#!.*/, `#!/${nodePath}`),
    })),
    // What V8 has kept of them is of another Node.
    ...wholeFolder('packages/cli/dist/code', join(programFolder, 'code')).filter(
      ({ path }) => !path.endsWith('.cache'),
    ),
    // The page that the daemon has for browsers.
    ...wholeFolder('packages/console/dist', join(programFolder, 'console')),
    ...found.map(({ name, file }) => ({
      // Where OpenVZ has its own, and scripts look for them.
      path: join(name.startsWith('vz') ? 'usr/sbin' : 'usr/bin', name),
      link: join('../lib/ctvirt', basename(file)),
    })),
  ];
}

/**
 * koffi finds its native part in a package beside it.
 *
 * @param {string} native the folder of that package
 * @returns {Entry[]}
 */
function nativeCalls(native) {
  const modules = join(programFolder, 'node_modules');
  const { name } = JSON.parse(readFileSync(join(native, 'package.json'), 'utf8'));
  const own = readdirSync(join(root, 'node_modules/koffi')).filter((file) =>
    /^(index|indirect)\.c?js$|^package\.json$/.test(file),
  );
  return [
    ...own.map((file) => ({
      path: join(modules, 'koffi', file),
      content: read(join('node_modules/koffi', file)),
    })),
    ...wholeFolder('node_modules/koffi/src', join(modules, 'koffi/src')).filter(
      ({ path }) => /\.c?js$/.test(path) && !path.endsWith('trampolines.cjs'),
    ),
    ...['package.json', 'index.js'].map((file) => ({
      path: join(modules, name, file),
      content: readFileSync(join(native, file)),
    })),
    ...readdirSync(native)
      .filter((folder) => folder.startsWith('linux_'))
      .map((folder) => ({
        path: join(modules, name, folder, 'koffi.node'),
        content: readFileSync(join(native, folder, 'koffi.node')),
      })),
  ];
}

/** @returns {Promise<Entry[]>} */
async function configuration() {
  const { formatSettingsFile } = await import('../../packages/daemon/dist/settings.js');
  const { profileFileName, profiles } = await import('../../packages/formats/dist/index.js');
  return [
    { path: join(configurationFolder, 'ctvirtd.conf'), content: formatSettingsFile() },
    ...profiles.map(({ name, text }) => ({
      path: join(configurationFolder, 'profiles', profileFileName(name)),
      content: text,
    })),
  ];
}

/** @returns {Promise<Entry[]>} */
async function documentation() {
  const { vzManPages } = await import('../../packages/cli/dist/vz/reference.js');
  const { completionScripts } = await import('../../packages/cli/dist/completion.js');
  const { bash, zsh, fish } = completionScripts;
  const manuals = 'usr/share/man';
  const folder = 'usr/share/doc/ctvirt';
  return [
    { path: join(manuals, 'man1/ctvirt.1.gz'), content: packed(read('packages/cli/dist/ctvirt.1')) },
    { path: join(manuals, 'man8/ctvirtd.8.gz'), content: packed(await daemonPage()) },
    ...vzManPages().map(({ name, text }) => ({
      path: join(manuals, `man8/${name}.8.gz`),
      content: packed(text),
    })),
    { path: join(manuals, 'man5/ctvirtd.conf.5.gz'), content: packed(await settingsPage()) },
    { path: 'usr/share/bash-completion/completions/ctvirt', content: bash },
    { path: 'usr/share/zsh/vendor-completions/_ctvirt', content: zsh },
    { path: 'usr/share/fish/vendor_completions.d/ctvirt.fish', content: fish },
    { path: join(folder, 'README.md'), content: read('README.md') },
    { path: join(folder, 'CHANGELOG.md.gz'), content: packed(read('CHANGELOG.md')) },
    ...wholeFolder('examples', join(folder, 'examples')),
    ...['guide', 'reference'].flatMap((name) => wholeFolder(join('docs', name), join(folder, 'docs', name))),
  ];
}

/**
 * @param {{ node: string, native: string }} parts the program Node, and the folder of koffi's native part
 * @returns {Promise<Entry[]>}
 */
export const contents = async ({ node, native }) => [
  { path: nodePath, isProgram: true, content: readFileSync(node) },
  ...programs(),
  ...nativeCalls(native),
  ...wholeFolder('packages/daemon/systemd', 'usr/lib/systemd/system'),
  ...(await configuration()),
  ...(await documentation()),
];
