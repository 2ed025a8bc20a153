// The limits of lxc-start and its monitor where they have to be others than the daemon's: they meet what strangers do.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { guestLimits, INFINITY, type Rlimit, rlimit, setRlimit } from './rlimits.js';

/** Of what the host's root may have, all containers together may take this much: the rest is left to the host. */
export function shareOfContainers({ soft, hard }: Rlimit): Rlimit {
  return { soft: soft === INFINITY ? soft : soft / 2n, hard };
}

/** A limit of the document, not above what all containers together may take. */
export function withinShare(wanted: number): number {
  const { soft } = shareOfContainers(guestLimits().sigpending);
  return BigInt(wanted) < soft ? wanted : Number(soft);
}

/**
 * Starts a program with the limits of a monitor. Anybody may connect to its command socket, and liblxc gives up the container when
 * it has no descriptor left, so it may have as many as the kernel gives to one process. What its user namespace may queue, root
 * of the host is charged with as well, as its maker: the kernel stops it at the soft limits that the maker had.
 */
export function withMonitorLimits<T>(start: () => T): T {
  const before = { nofile: rlimit('nofile'), sigpending: rlimit('sigpending'), msgqueue: rlimit('msgqueue') };
  const most = BigInt(readFileSync('/proc/sys/fs/nr_open', 'utf8').trim());
  const { sigpending, msgqueue } = guestLimits();
  try {
    // Refused without CAP_SYS_RESOURCE: then it has the daemon's.
    if (most > before.nofile.hard) setRlimit('nofile', { soft: most, hard: most });
    setRlimit('sigpending', shareOfContainers(sigpending));
    setRlimit('msgqueue', shareOfContainers(msgqueue));
    return start();
  } finally {
    for (const name of ['nofile', 'sigpending', 'msgqueue'] as const) setRlimit(name, before[name]);
  }
}
