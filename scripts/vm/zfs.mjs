// ZFS for the test machine, which Debian has as source alone: built once for its kernel by `node scripts/vm/zfs.mjs`, kept outside the checkout.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../setup.mjs';
import { command, step } from '../steps.mjs';
import { machineDisks } from './image.mjs';

/**
 * Where it is for the kernel of a machine; undefined where nobody has built it.
 *
 * @param {string} disks
 */
export const zfsFor = (disks) => builtFor(kernelOf(join(disks, 'vmlinuz')));

/**
 * Its name has both versions; of several the last.
 *
 * @param {string} kernel
 */
function builtFor(kernel) {
  const name = readdirSync(cacheFolder)
    .sort()
    .findLast((entry) => entry.startsWith(`zfs-${kernel}-`));
  return name && join(cacheFolder, name);
}

/**
 * A release such as `6.1.0-57-cloud-amd64`, as the kernel's boot header says where it stands.
 *
 * @param {string} image
 */
function kernelOf(image) {
  const bytes = readFileSync(image);
  const at = bytes.readUInt16LE(0x20e) + 0x200;
  return bytes.toString('latin1', at, bytes.indexOf(' ', at));
}

/** Its module fits one kernel, and its tools the module; 2.2 is the first that knows namespaces. */
const suite = 'bookworm-backports';

/**
 * Modules, tools and their libraries, in folders of these names.
 *
 * @param {string} kernel
 */
const recipe = (kernel) => `
set -e
export DEBIAN_FRONTEND=noninteractive
sed 's/ bookworm / ${suite} /; s/ main.*/ contrib main/' /etc/apt/sources.list | head -n 1 > /etc/apt/sources.list.d/zfs.list
apt-get update
apt-get install --yes --no-install-recommends --target-release ${suite} zfsutils-linux
cd /tmp
apt-get download zfs-dkms/${suite}
dpkg-deb --extract zfs-dkms_*.deb /opt/source
cd /opt/source/usr/src/zfs-*
headers=/usr/src/linux-headers-${kernel}
./configure --with-config=kernel --with-linux="$(readlink -f "/lib/modules/${kernel}/source")" --with-linux-obj="$headers"
make --jobs=2
mkdir -p /zfs/modules /zfs/sbin /zfs/lib
basename "$PWD" | cut --delimiter=- --fields=2 > /zfs/version
cp module/spl.ko module/zfs.ko /zfs/modules
strip --strip-debug /zfs/modules/*.ko
cp /sbin/zfs /sbin/zpool /zfs/sbin
ldd /zfs/sbin/* | sed --quiet 's/.*=> \\(\\/[^ ]*\\).*/\\1/p' | grep --invert-match '/lib[cm]\\.so' | sort --unique | xargs cp --dereference --target-directory=/zfs/lib
`;

async function buildZfs() {
  const kernel = kernelOf(join(await machineDisks(), 'vmlinuz'));
  if (builtFor(kernel) !== undefined) return;
  await step(`ZFS for ${kernel}: about ten minutes`, async (note) => {
    mkdirSync(cacheFolder, { recursive: true });
    const making = mkdtempSync(join(cacheFolder, 'making-zfs-'));
    const root = join(making, 'root');
    try {
      const included = `--include=linux-headers-${kernel},build-essential,python3,libelf-dev,zlib1g-dev`;
      const options = ['--mode=root', '--variant=apt', '--format=directory', included];
      const hook = `--customize-hook=chroot "$1" sh -c '${recipe(kernel).replaceAll("'", `'\\''`)}'`;
      await command(['mmdebstrap', ...options, hook, 'bookworm', root], note);
      const built = join(root, 'zfs');
      const version = readFileSync(join(built, 'version'), 'utf8').trim();
      renameSync(built, join(cacheFolder, `zfs-${kernel}-${version}`));
    } finally {
      await command(['rm', '--recursive', '--force', '--one-file-system', making]);
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildZfs();
