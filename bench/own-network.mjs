// A command line that runs the one behind it in a network of its own, without a way out.
// SPDX-License-Identifier: Apache-2.0

/** liblxc looks for bridges in /sys, which shows the network of whoever mounted it. */
const enter = `set -e
aside=$(mktemp -d /tmp/ctb-sys-XXXXXX)
security=
if [ -e /sys/kernel/security/apparmor ]; then security=yes; fi
mount --rbind /sys/fs/cgroup "$aside"
mount -t sysfs sysfs /sys
mount --move "$aside" /sys/fs/cgroup
rmdir "$aside"
if [ -n "$security" ]; then mount -t securityfs securityfs /sys/kernel/security; fi
ip link set lo up
exec "$@"`;

/** Links, addresses and rules in there go with its last process; mounts do not propagate to the host. */
export const ownNetwork = [
  ...['unshare', '--mount', '--propagation', 'private', '--net', '/bin/sh', '-c', enter, 'sh'],
  ...['unshare', '--mount', '--propagation', 'shared'],
];
