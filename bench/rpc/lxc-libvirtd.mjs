// A libvirtd with its LXC driver or others, run inside `unshare --mount --pid --net`: nothing of it outlives that.
// Arguments: a folder, a bridge to make or an empty word, and the drivers if not `lxc`.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '', bridge = '', ...named] = process.argv.slice(2);
const wanted = named.length > 0 ? named : ['lxc'];
/** @param {string[]} args */
const mount = (...args) => execFileSync('mount', args);

// That driver starts nothing while the unified hierarchy is there beside the others. Here, and here only, it is not:
// the tree of hierarchies is built anew, since taking a folder out of the host's would take it from the host.
const aside = join(folder, 'aside');
const hierarchies = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .map((line) => line.split(' '))
  .filter((fields) => fields[4]?.startsWith('/sys/fs/cgroup/') && fields.includes('cgroup'))
  .map((fields) => fields[4].slice('/sys/fs/cgroup/'.length));
if (hierarchies.length > 0) {
  mkdirSync(aside);
  mount('--rbind', '/sys/fs/cgroup', aside);
  mount('-t', 'tmpfs', 'cgroup', '/sys/fs/cgroup');
  // Where /sys is mounted above another one, each is told twice.
  for (const name of new Set(hierarchies)) {
    mkdirSync(join('/sys/fs/cgroup', name));
    mount('--bind', join(aside, name), join('/sys/fs/cgroup', name));
  }
  execFileSync('umount', ['--recursive', '--lazy', aside]);
  rmdirSync(aside);
}
// Its state is its own.
for (const path of ['/run', '/var/lib/libvirt', '/var/log', '/var/cache', '/etc/libvirt']) {
  mkdirSync(path, { recursive: true });
  mount('-t', 'tmpfs', 'libvirtd', path);
}
for (const path of ['/run/libvirt', '/var/log/libvirt', '/var/cache/libvirt', '/var/lib/libvirt/lxc'])
  mkdirSync(path, { recursive: true });
execFileSync('ip', ['link', 'set', 'lo', 'up']);
if (bridge !== '') {
  execFileSync('ip', ['link', 'add', bridge, 'type', 'bridge']);
  execFileSync('ip', ['link', 'set', bridge, 'up']);
}

const config = join(folder, 'libvirtd.conf');
const settings = [
  `unix_sock_dir = "${folder}"`,
  'auth_unix_rw = "none"',
  'auth_unix_ro = "none"',
  `log_outputs = "2:file:${folder}/log"`,
];
writeFileSync(config, `${settings.join('\n')}\n`);
// No other drivers: some may not start here, and would take the daemon with them.
const drivers = join(folder, 'drivers');
mkdirSync(drivers);
const modules = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/libvirt/connection-driver`;
for (const name of wanted)
  symlinkSync(join(modules, `libvirt_driver_${name}.so`), join(drivers, `libvirt_driver_${name}.so`));
writeFileSync('/etc/libvirt/lxc.conf', 'security_driver = "none"\n');
const libvirtd = spawn('/usr/sbin/libvirtd', ['--config', config, '--pid-file', join(folder, 'pid')], {
  stdio: 'ignore',
  env: { PATH: process.env.PATH, LIBVIRT_DRIVER_DIR: drivers },
});
libvirtd.on('exit', (code) => process.exit(code ?? 1));
// The first process of its pid namespace: with it everything ends.
process.stdin.resume().on('end', () => process.exit(0));
