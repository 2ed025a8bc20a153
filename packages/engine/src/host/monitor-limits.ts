// The limits of lxc-start and its monitor where they have to be others than the daemon's: they meet what strangers do.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const cPrlimit = libc.func('int prlimit64(int, int, void *, void *)');

const RLIMIT = { nofile: 7, sigpending: 11, msgqueue: 12 } as const;
const INFINITY = 2n ** 64n - 1n;
const SELF = 0;

/** Soft and hard. */
export interface Rlimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** A limit of this process. */
export function rlimit(name: keyof typeof RLIMIT): Rlimit {
  const buffer = Buffer.alloc(16);
  cPrlimit(SELF, RLIMIT[name], null, buffer);
  return { soft: buffer.readBigUInt64LE(0), hard: buffer.readBigUInt64LE(8) };
}

function setRlimit(name: keyof typeof RLIMIT, { soft, hard }: Rlimit): boolean {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(soft, 0);
  buffer.writeBigUInt64LE(hard, 8);
  return cPrlimit(SELF, RLIMIT[name], buffer, null) === 0;
}

/** What a container's init has of a limit, in liblxc's words, if its document says nothing: what the daemon has. */
export function inWords({ soft, hard }: Rlimit): string {
  const word = (value: bigint): string => (value === INFINITY ? 'unlimited' : String(value));
  return `${word(soft)}:${word(hard)}`;
}

/** Of what the host's root may have, all containers together may take this much: the rest is left to the host. */
export function shareOfContainers({ soft, hard }: Rlimit): Rlimit {
  return { soft: soft === INFINITY ? soft : soft / 2n, hard };
}

/** A limit of the document, not above what all containers together may take. */
export function withinShare(wanted: number): number {
  const { soft } = shareOfContainers(rlimit('sigpending'));
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
  try {
    // Refused without CAP_SYS_RESOURCE: then it has the daemon's.
    if (most > before.nofile.hard) setRlimit('nofile', { soft: most, hard: most });
    setRlimit('sigpending', shareOfContainers(before.sigpending));
    setRlimit('msgqueue', shareOfContainers(before.msgqueue));
    return start();
  } finally {
    for (const name of ['nofile', 'sigpending', 'msgqueue'] as const) setRlimit(name, before[name]);
  }
}
