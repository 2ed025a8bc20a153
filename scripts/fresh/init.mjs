// Debian's systemd as process 1 of the fresh machine: it starts what packages bring, and nothing of its own that would reach for the host.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {import('./machine.mjs').Machine} Machine */

const go = '/run/fresh-init';

/**
 * What process 1 does: it waits until the machine has its root, and becomes systemd. The words behind are for systemd alone, which in a
 * container reads the kernel's command line from there; Debian 13's would not run with control groups of version 1.
 */
export const becomeInit = [
  `until [ -e ${go} ]; do sleep 0.1; done`,
  'exec env --ignore-environment container=fresh PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd ' +
    'systemd.show_status=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 </dev/null >/dev/null 2>&1',
].join('\n');

/** A /dev of the machine's own: systemd makes links and nodes there. */
const ownDevices = `
mount -t tmpfs -o mode=755 dev "$1/dev"
for name in null zero full random urandom tty fuse loop-control; do cp --archive "/dev/$name" "$1/dev/"; done
cp --archive /dev/null "$1/dev/console"
mkdir "$1/dev/net" "$1/dev/pts" "$1/dev/shm"
cp --archive /dev/net/tun "$1/dev/net/"
mount -t devpts -o newinstance,mode=620,ptmxmode=666 devpts "$1/dev/pts"
mount -t tmpfs -o mode=1777 shm "$1/dev/shm"
for number in $(seq 0 63); do mknod --mode=660 "$1/dev/loop$number" b 7 "$number"; done
ln --symbolic pts/ptmx "$1/dev/ptmx"
ln --symbolic /proc/self/fd "$1/dev/fd"
for each in 0:stdin 1:stdout 2:stderr; do ln --symbolic "/proc/self/fd/\${each%%:*}" "$1/dev/\${each#*:}"; done
`;

/**
 * Settings of the kernel that are not of the machine's own network are not to be changed. Containers may only mount a /proc where one is that
 * hides nothing.
 */
const hostSettings = `
mkdir "$1/.proc"
mount -t proc proc "$1/.proc"
mount --bind -o ro "$1/proc/sys" "$1/proc/sys"
mount --bind "$1/.proc/sys/net" "$1/proc/sys/net"
[ ! -e "$1/proc/sysrq-trigger" ] || mount --bind -o ro "$1/proc/sysrq-trigger" "$1/proc/sysrq-trigger"
`;

/** Run in the machine's namespaces in place of binding the host's devices; the argument is the root. */
export const initMounts = `${ownDevices}${hostSettings}`;

/** Nothing is started at boot: what a package brings starts when it is installed. @param {string} folder */
export function quietInit(folder) {
  for (const units of ['usr/lib/systemd/system', 'etc/systemd/system'])
    for (const name of readdirSync(join(folder, units)))
      if (/\.(wants|requires)$/.test(name)) rmSync(join(folder, units, name), { recursive: true });
  // Its journal is not there; what matters is kept in files.
  mkdirSync(join(folder, 'etc/systemd/system.conf.d'), { recursive: true });
  writeFileSync(
    join(folder, 'etc/systemd/system.conf.d/fresh.conf'),
    '[Manager]\nDefaultStandardOutput=null\nDefaultStandardError=null\nLogTarget=null\n',
  );
  const own = join(folder, 'etc/systemd/system/ctvirtd.service.d');
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'log.conf'), '[Service]\nStandardError=append:/var/log/ctvirtd.log\n');
}

/** @param {Machine} machine */
export async function bootInit(machine) {
  await machine.run(['touch', go]);
  for (let tries = 0; ; tries++) {
    try {
      await machine.run(['systemctl', 'is-system-running', '--wait']);
      return;
    } catch (error) {
      // Degraded is running, too: what fails here is what the machine may not do.
      if (String(error).includes('degraded')) return;
      if (tries === 50) throw error;
      await sleep(200);
    }
  }
}
