// What dpkg is told of the package.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { runtimePackages } from '../setup.mjs';
import { command } from '../steps.mjs';
import { configurationFolder } from './contents.mjs';

/** @typedef {import('./contents.mjs').Entry} Entry */

export const maintainer = `${process.env.DEBFULLNAME ?? 'ctvirt'} <${process.env.DEBEMAIL ?? 'maintainers@ctvirt.invalid'}>`;

/**
 * Of the C library the version whose symbols a program asks for.
 *
 * @param {string} program
 */
async function libraries(program) {
  const versions = await command(['readelf', '--version-info', '--wide', program]);
  const needed = [...versions.matchAll(/Name: GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  const foreign = await foreignLibraries(program);
  if (foreign.length > 0)
    throw new Error(
      `${program} needs ${foreign.join(', ')}, which not every Debian has: give another by --node, such as nodejs.org's`,
    );
  return [`libc6 (>= 2.${Math.max(...needed)})`, 'libstdc++6', 'libgcc-s1'];
}

/**
 * Libraries that a program needs and not every Debian has; Debian's own Node is of such.
 *
 * @param {string} program
 */
export async function foreignLibraries(program) {
  const named = await command(['readelf', '--dynamic', '--wide', program]);
  return [...named.matchAll(/\(NEEDED\).*\[(.*)\]/g)]
    .map(([, name]) => name)
    .filter((name) => !/^(lib(c|m|dl|pthread|stdc\+\+|gcc_s)\.so|ld-linux)/.test(name));
}

/** Every Debian has these, and a package may not ask for them. */
async function essentialPackages() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the fields are dpkg-query's
  const lines = await command(['dpkg-query', '--show', '--showformat=${Package} ${Essential}\n']);
  return lines.split('\n').flatMap((line) => (line.endsWith(' yes') ? [line.slice(0, -' yes'.length)] : []));
}

/**
 * @param {{ version: string, architecture: string, node: string, entries: readonly Entry[] }} built
 */
export async function controlText({ version, architecture, node, entries }) {
  const essential = await essentialPackages();
  const depends = [
    ...(await libraries(node)),
    ...runtimePackages.filter((name) => !essential.includes(name)),
    'libseccomp2',
  ];
  const bytes = entries.reduce((sum, { content = '' }) => sum + Buffer.byteLength(content), 0);
  return `Package: ctvirt
Version: ${version}
Section: admin
Priority: optional
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: ${depends.join(', ')}
Recommends: apparmor
Conflicts: vzctl
Suggests: borgbackup, libvirt-clients, lzop, restic, rsync, squashfs-tools
Description: run libvirt's container domains (OpenVZ, LXC, Linux-VServer)
 ctvirtd runs container domains on any current Linux kernel through liblxc:
 the documents that libvirt has of them, OpenVZ's templates, profiles, quotas
 and limits, networks and network filters. ctvirt is its command line; virsh
 and other clients of libvirt's protocol need nothing new, and vzctl, vzlist
 and their like take the words of OpenVZ's.
 .
 Containers outlive the daemon, and an upgrade of this package.
`;
}

/** @param {readonly Entry[]} entries */
export const conffilesText = (entries) =>
  entries.flatMap(({ path }) => (path.startsWith(`${configurationFolder}/`) ? [`/${path}\n`] : [])).join('');

/** @param {readonly Entry[]} entries */
export const sumsText = (entries) =>
  entries
    .flatMap(({ path, content }) =>
      content === undefined || path.startsWith(`${configurationFolder}/`)
        ? []
        : [`${createHash('md5').update(content).digest('hex')}  ${path}\n`],
    )
    .join('');

/**
 * @param {string} version
 * @param {Date} date
 */
export const changelogText = (version, date) =>
  `ctvirt (${version}) unstable; urgency=medium

  * Version ${version}; /usr/share/doc/ctvirt/CHANGELOG.md.gz tells what is new.

 -- ${maintainer}  ${date.toUTCString().replace('GMT', '+0000')}
`;
