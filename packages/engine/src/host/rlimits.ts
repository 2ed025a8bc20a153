// The resource limits of this process, and those that a system's first program has.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import { hasCapability } from './own-limits.js';

const libc = koffi.load(null);
const cPrlimit = libc.func('int prlimit64(int, int, void *, void *)');

/** In the kernel's order, by the names that liblxc and prlimit(1) have for them. */
export const rlimitNames = [
  'cpu',
  'fsize',
  'data',
  'stack',
  'core',
  'rss',
  'nproc',
  'nofile',
  'memlock',
  'as',
  'locks',
  'sigpending',
  'msgqueue',
  'nice',
  'rtprio',
  'rttime',
] as const;
/** One of them. */
export type RlimitName = (typeof rlimitNames)[number];

/** The kernel's value for no limit. */
export const INFINITY = 2n ** 64n - 1n;
const SELF = 0;
const MiB = 2n ** 20n;

/** Soft and hard. */
export interface Rlimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** A limit of this process. */
export function rlimit(name: RlimitName): Rlimit {
  const buffer = Buffer.alloc(16);
  cPrlimit(SELF, rlimitNames.indexOf(name), null, buffer);
  return { soft: buffer.readBigUInt64LE(0), hard: buffer.readBigUInt64LE(8) };
}

/** False where it may not be. */
export function setRlimit(name: RlimitName, { soft, hard }: Rlimit): boolean {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(soft, 0);
  buffer.writeBigUInt64LE(hard, 8);
  return cPrlimit(SELF, rlimitNames.indexOf(name), buffer, null) === 0;
}

/**
 * What Linux gives its first process (include/asm-generic/resource.h; `nproc` and `sigpending` are half of the most threads
 * there may be), with the open files that systemd and Docker give whatever they start: from a soft limit beyond 1,024 on
 * programs that call select(2) fail, and such as close every descriptor there might be take minutes.
 */
function firstLimits(): Record<RlimitName, Rlimit> {
  const none = { soft: INFINITY, hard: INFINITY };
  const both = (value: bigint): Rlimit => ({ soft: value, hard: value });
  const threads = BigInt(readFileSync('/proc/sys/kernel/threads-max', 'utf8').trim()) / 2n;
  return {
    cpu: none,
    fsize: none,
    data: none,
    stack: { soft: 8n * MiB, hard: INFINITY },
    core: { soft: 0n, hard: INFINITY },
    rss: none,
    nproc: both(threads),
    nofile: { soft: 1024n, hard: 524_288n },
    memlock: both(8n * MiB),
    as: none,
    locks: none,
    sigpending: both(threads),
    msgqueue: both(819_200n),
    nice: both(0n),
    rtprio: both(0n),
    rttime: none,
  };
}

/** What a container's first program has of each limit, whatever shell this daemon was started from; less where it may not give more. */
export function guestLimits(): Record<RlimitName, Rlimit> {
  const first = firstLimits();
  if (hasCapability('sysResource')) return first;
  const within = Object.entries(first).map(([name, { soft, hard }]) => {
    const most = rlimit(name as RlimitName).hard;
    return [name, { soft: least(soft, most), hard: least(hard, most) }];
  });
  return Object.fromEntries(within) as Record<RlimitName, Rlimit>;
}

const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);

/** In liblxc's words. */
export function inWords({ soft, hard }: Rlimit): string {
  const word = (value: bigint): string => (value === INFINITY ? 'unlimited' : String(value));
  return `${word(soft)}:${word(hard)}`;
}
