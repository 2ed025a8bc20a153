// Brings a fresh Debian to where this checkout runs: Debian's packages, npm's, and the build; what is there already is left.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { command, StepError, step } from './steps.mjs';

export const root = new URL('..', import.meta.url).pathname;

/** What is fetched or made once for every checkout. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ctvirt');

/** CommonJS packages inside a module bundle need a `require` for Node's own modules. */
export const requireLine = `import { createRequire as ctvirtCreateRequire } from 'node:module'; const require = ctvirtCreateRequire(import.meta.url);`;

/** What the daemon calls on, by the Debian package that has it. */
export const runtimePackages = [
  'lxc',
  'lxcfs',
  'busybox-static',
  'e2fsprogs',
  'btrfs-progs',
  'util-linux',
  'iproute2',
  'nftables',
  'dnsmasq-base',
  'bubblewrap',
  'tar',
  'gzip',
  'xz-utils',
  'zstd',
  'mmdebstrap',
  'debian-archive-keyring',
];

/** What the tests run against: libvirt's own daemon, and its clients as Debian 12 has them, which has no virt-top. */
export const testPackages = [
  ...['python3', 'openssl', 'procps', 'libfaketime', 'xfsprogs'],
  ...['libvirt-daemon', 'libvirt-daemon-driver-lxc'],
  ...['libvirt-clients', 'python3-libvirt', 'virtinst', 'prometheus-libvirt-exporter', 'virt-manager'],
  // A screen for virt-manager, and what presses its buttons.
  ...['xvfb', 'dbus-daemon', 'at-spi2-core', 'gir1.2-atspi-2.0', 'gir1.2-gtk-3.0'],
  // What images of LXC and Incus are packed and unpacked by.
  'squashfs-tools',
  // What keeps backups, and puts what comes out of them in its place.
  ...['restic', 'borgbackup', 'rsync'],
  // What is run at the other end of a move by ssh.
  'netcat-openbsd',
  // What Proxmox VE packs archives by.
  'lzop',
  // What files have beside their modes.
  ...['acl', 'attr'],
  // What reads metrics, and says what is wrong with them, with alerts and with a dashboard.
  'prometheus',
  // A browser for the console, 81 MB and 290 MB unpacked, and the letters that its pictures are drawn in.
  ...['chromium', 'fonts-inter'],
  // What the guides use beside ctvirt.
  ...['ansible-core', 'curl', 'wget'],
];

/** @param {readonly string[]} [extraPackages] */
export async function setUp(extraPackages = []) {
  const [major] = process.versions.node.split('.');
  if (Number(major) < 20)
    throw new StepError(`Node ${process.versions.node} is too old: Node 20 or later is needed`);
  if (process.getuid?.() !== 0)
    throw new StepError('containers are run by root: become root, or put sudo before this command');
  await debianPackages([...runtimePackages, ...extraPackages]);
  await buildCheckout();
}

/** What runs from a checkout. */
export async function buildCheckout() {
  await npmPackages();
  await build();
}

/** @param {readonly string[]} wanted */
export async function debianPackages(wanted) {
  const missing = await missingPackages(wanted);
  if (missing.length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  /** @param {import('./steps.mjs').Note} note */
  const install = (note) =>
    command(['apt-get', 'install', '--yes', '--no-install-recommends', ...missing], note, { env });
  await step(`Debian packages: ${missing.join(', ')}`, async (note) => {
    try {
      await install(note);
    } catch {
      // The lists of packages may be missing or old: with fresh ones it either works or is a real failure.
      await command(['apt-get', 'update'], note, { env });
      await install(note);
    }
  });
}

/** @param {readonly string[]} wanted */
async function missingPackages(wanted) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the fields are dpkg-query's
  const format = '--showformat=${Package} ${db:Status-Status}\n';
  const list = await command(['dpkg-query', '--show', format]);
  const installed = new Set(
    list
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return wanted.filter((name) => !installed.has(name));
}

async function npmPackages() {
  const stamp = join(root, 'node_modules', '.ctvirt-lock');
  const lock = digestOf([join(root, 'package-lock.json')]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // No package of ours needs a script of its own to be installed.
  await step('npm packages', (note) =>
    command(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], note, { cwd: root }),
  );
  writeFileSync(stamp, lock);
}

async function build() {
  const stamp = join(root, '.cache', 'build');
  const sources = digestOf(sourceFiles());
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  await step('build', (note) => command(['npm', 'run', '--silent', 'build'], note, { cwd: root }));
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(stamp, sources);
}

function sourceFiles() {
  const folders = [
    ...readdirSync(join(root, 'packages')).map((name) => join('packages', name)),
    'e2e',
    'scripts',
  ].filter((path) => existsSync(join(root, path)));
  const files = folders.flatMap((folder) => [
    ...['package.json', 'tsconfig.json'].map((name) => join(root, folder, name)),
    ...(existsSync(join(root, folder, 'src'))
      ? readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' }).map((name) =>
          join(root, folder, 'src', name),
        )
      : []),
  ]);
  return [
    ...files,
    join(root, 'package-lock.json'),
    join(root, 'tsconfig.json'),
    join(root, 'tsconfig.base.json'),
    join(root, 'scripts', 'bundle.mjs'),
    join(root, 'scripts', 'console.mjs'),
    join(root, 'scripts', 'keep-code.mjs'),
    join(root, 'scripts', 'launcher.cjs'),
    join(root, 'scripts', 'setup.mjs'),
  ]
    .filter((path) => existsSync(path) && statSync(path).isFile())
    .sort();
}

/** @param {readonly string[]} files */
function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}
