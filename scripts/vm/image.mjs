// The disks a test machine boots from: a Debian root, and formatted ones with quotas; made once, kept outside the checkout.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../setup.mjs';
import { command, step } from '../steps.mjs';

const suites = ['bookworm', 'trixie'];

/** The Debian this host is, since its Node has to run there; another if it is asked for. */
function suiteOf({ CTVIRT_VM_SUITE: asked } = process.env) {
  if (asked !== undefined && !suites.includes(asked))
    throw new Error(`CTVIRT_VM_SUITE is ${suites.join(' or ')}, not '${asked}'`);
  const [, own = ''] = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  return asked ?? (suites.includes(own) ? own : 'bookworm');
}

/** Not all of them are known to the types. @type {Readonly<Record<string, unknown>>} */
const configured = process.config.variables;
/** Debian's own Node reads parts of itself from files of other packages: it is installed in the machine, not copied. */
export const isDebianNode = configured.node_shared === true;

const overlay = new URL('root', import.meta.url).pathname;
const prefix = 'vm-';

/** What is installed in the machine; its kernel comes on top of that. */
const packages = [
  ...[
    'init',
    'systemd-sysv',
    'udev',
    'dbus',
    'kmod',
    'apparmor',
    'procps',
    'iproute2',
    'nftables',
    'dnsmasq-base',
  ],
  ...['lxc', 'lxcfs', 'busybox-static', 'bubblewrap', 'util-linux', 'tar', 'gzip', 'xz-utils', 'zstd'],
  ...['e2fsprogs', 'xfsprogs', 'quota', 'lvm2', 'thin-provisioning-tools'],
  ...(isDebianNode ? ['nodejs'] : []),
];

/** Nobody reads there. */
const left = ['doc', 'man', 'locale', 'info', 'lintian'];

/** The kernel's package alone: what it depends on would make an initial RAM disk, and nothing needs one. */
const kernel = `
set -e
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
mkdir "$1/tmp/kernel"
cd "$1/tmp/kernel"
apt-get download "$(apt-cache depends linux-image-cloud-amd64 | sed --quiet 's/.*Depends: \\(linux-image-.*\\)/\\1/p' | head -n 1)"
dpkg-deb --extract ./*.deb .
for modules in lib/modules usr/lib/modules; do
  if [ -d "$modules" ]; then mv "$modules" "$1/usr/lib/modules"; fi
done
mv boot/vmlinuz-* "$1/boot/vmlinuz"
cd /
rm --recursive "$1/tmp/kernel"
chroot "$1" depmod "$(ls "$1/usr/lib/modules")"
`;

/** Services that wait for what this machine has not. */
const masked = [
  ...['serial-getty@ttyS0', 'getty@tty1', 'lxc-net', 'lxc', 'e2scrub_reap', 'systemd-logind'].map(
    (name) => `${name}.service`,
  ),
  // Of LVM, what looks at boot for volumes that no story has made yet, and would have them before it goes off.
  ...['lvm2-monitor.service', 'blk-availability.service'],
  // Stories keep their files there: on a disk, as daemons do.
  'tmp.mount',
];

/** Debian's profiles that no story needs: emulated, to load them at every boot takes longer than many a story. */
const unloaded = ['lxc-containers', 'lsb_release', 'nvidia_modprobe'];

/** Returns the folder that holds `vmlinuz` and the disks; makes it if this version of them is not there yet. */
export async function machineDisks() {
  const suite = suiteOf();
  const folder = join(cacheFolder, `${prefix}${suite}-${digest()}`);
  if (existsSync(folder)) {
    utimesSync(folder, new Date(), new Date());
    return folder;
  }
  mkdirSync(cacheFolder, { recursive: true });
  const making = join(cacheFolder, `.${prefix}${process.pid}`);
  await step(`a Debian machine (${suite}) to test in: its disks, made once`, async (note) => {
    try {
      mkdirSync(making);
      await makeDisks(suite, making, note);
      for (const name of readdirSync(cacheFolder))
        if (name.startsWith(prefix) && isForgotten(join(cacheFolder, name)))
          rmSync(join(cacheFolder, name), { recursive: true });
      renameSync(making, folder);
    } finally {
      await command(['rm', '--recursive', '--force', '--one-file-system', making]);
    }
  });
  return folder;
}

/**
 * Other checkouts may use other versions.
 *
 * @param {string} path
 */
const isForgotten = (path) => Date.now() - statSync(path).mtimeMs > 7 * 24 * 3600_000;

/**
 * @param {string} suite
 * @param {string} folder
 * @param {import('../steps.mjs').Note} note
 */
async function makeDisks(suite, folder, note) {
  const root = join(folder, 'root');
  /** @param {string} name */
  const at = (name) => join(folder, name);
  const excluded = left.map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  const included = `--include=${packages.join(',')}`;
  const options = ['--mode=root', '--variant=minbase', '--format=directory', ...excluded, included];
  await command(['mmdebstrap', ...options, `--customize-hook=${kernel}`, suite, root], note);
  renameSync(join(root, 'boot/vmlinuz'), at('vmlinuz'));
  cpSync(overlay, root, { recursive: true });
  if (!isDebianNode) symlinkSync('/opt/ctvirt/bin/node', join(root, 'usr/bin/node'));
  for (const name of unloaded)
    symlinkSync(`/etc/apparmor.d/${name}`, join(root, 'etc/apparmor.d/disable', name));
  await command(['chroot', root, 'systemctl', 'mask', ...masked], note);
  await command(['chroot', root, 'systemctl', 'enable', 'ctvirt-test.service'], note);
  const quota = ['-O', 'quota,project', '-E', 'quotatype=usrquota:grpquota:prjquota'];
  await command(['mke2fs', '-q', '-t', 'ext4', '-L', 'ext4', ...quota, at('ext4'), '512M'], note);
  // The machine's own tools format what this host may have none for; they reach files of the root alone.
  await command(['chroot', root, 'truncate', '--size=512M', '/xfs', '/swap'], note);
  await command(['chroot', root, 'mkfs.xfs', '-q', '-L', 'xfs', '/xfs'], note);
  await command(['chroot', root, 'mkswap', '-q', '-L', 'swap', '/swap'], note);
  for (const name of ['xfs', 'swap']) renameSync(join(root, name), at(name));
  // It looks for holes in what it copies, which what is not written yet may be taken for.
  await command(['sync', '--file-system', root], note);
  await command(['mke2fs', '-q', '-t', 'ext4', '-L', 'root', '-d', root, at('disk'), '2G'], note);
  await command(['rm', '--recursive', '--one-file-system', root], note);
  renameSync(at('disk'), root);
}

/** Of everything that decides what is on the disks. */
function digest() {
  const hash = createHash('sha256')
    .update(readFileSync(new URL(import.meta.url)))
    .update(`${isDebianNode}`);
  const files = readdirSync(overlay, { recursive: true, encoding: 'utf8' }).sort();
  for (const name of files.filter((path) => statSync(join(overlay, path)).isFile()))
    hash.update(`\0${name}\0`).update(readFileSync(join(overlay, name)));
  return hash.digest('hex').slice(0, 16);
}
