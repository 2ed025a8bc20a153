// Where the numbers of each beancounter come from in both cgroup worlds: one row for each, and silence where the kernel is silent.
// SPDX-License-Identifier: Apache-2.0
import { pageSize } from '../../../host/facts.js';
import type { Census } from './census.js';
import type { Readings } from './readings.js';

type Read = (readings: Readings) => number | null;

/** What the kernel counts of refusals, since the container's groups were made. */
export const refusals = ['pids', 'oom', 'kill', 'swap', 'low'] as const;
/** One of `refusals`. */
export type Refusal = (typeof refusals)[number];

/** How one beancounter is read. */
export interface Source {
  /** OpenVZ's name. */
  readonly key: string;
  readonly held?: Read;
  /** The kernel's own maximum; without it the highest of the samples is told. */
  readonly peak?: Read;
  readonly refusal?: Refusal;
  /** For people: what held is, and how that differs from OpenVZ's. */
  readonly how: string;
}

const pages =
  (read: Read): Read =>
  (readings) => {
    const bytes = read(readings);
    return bytes === null ? null : Math.ceil(bytes / pageSize);
  };
const memory =
  (file: string): Read =>
  (readings) =>
    readings.number('memory', file);
const stat =
  (key: string): Read =>
  (readings) =>
    readings.keyed('memory', 'memory.stat', key);
/** Null as soon as one part is not known. */
const sum =
  (...reads: readonly Read[]): Read =>
  (readings) =>
    reads.reduce<number | null>((total, read) => {
      const part = read(readings);
      return total === null || part === null ? null : total + part;
    }, 0);
const orNone =
  (read: Read): Read =>
  (readings) =>
    read(readings) ?? 0;
/** Not below zero: the files are read one after the other. */
const beyond =
  (whole: Read, part: Read): Read =>
  (readings) => {
    const [all, some] = [whole(readings), part(readings)];
    return all === null || some === null ? null : Math.max(0, all - some);
  };

const census =
  (count: keyof Census): Read =>
  (readings) =>
    readings.census(count);

const together = 'the kernel counts all buffers of sockets together, within the memory in use';

/** What is the same in both worlds. */
const common = {
  NUMPROC: {
    held: (readings) => readings.number('pids', 'pids.current'),
    peak: (readings) => readings.number('pids', 'pids.peak'),
    refusal: 'pids',
    how: 'pids.current: processes and threads',
  },
  VMGUARPAGES: {
    held: () => 0,
    peak: () => 0,
    how: 'a guarantee, which nothing is charged to: see privvmpages',
  },
  NUMTCPSOCK: { held: census('tcpSockets'), how: "TCP sockets in use in the container's own network" },
  NUMFLOCK: {
    held: census('locks'),
    how: "the container's lines of /proc/locks",
  },
  NUMPTY: {
    held: census('terminals'),
    how: "terminals that the container's processes have opened",
  },
  NUMSIGINFO: {
    held: census('signals'),
    how: 'queued signals of all users in the container',
  },
  TCPSNDBUF: { how: together },
  TCPRCVBUF: { how: together },
  OTHERSOCKBUF: { how: together },
  DGRAMRCVBUF: { how: together },
  NUMOTHERSOCK: {
    held: census('otherSockets'),
    how: "sockets that are not TCP's in the container's own network",
  },
  NUMFILE: {
    held: census('files'),
    how: 'open descriptors of all processes: what several share counts for each',
  },
  NUMIPTENT: { how: 'the kernel does not count the packet filter rules of a container' },
} as const satisfies Readonly<Record<string, Omit<Source, 'key'>>>;

const inUse =
  'anonymous memory in use, swapped out or not: what is allocated and never touched is not counted';
const shared = 'shared memory in use: tmpfs, System V, shared anonymous maps';
const allMemory = 'all memory in use, page cache and kernel memory included';
const bothMemories = 'memory and swap in use; fails are killed processes, by whatever shortage';
const locked = 'memory that cannot be reclaimed, what is locked among it';

const worlds = {
  1: {
    ...common,
    KMEMSIZE: {
      held: memory('memory.kmem.usage_in_bytes'),
      peak: memory('memory.kmem.max_usage_in_bytes'),
      how: 'memory.kmem.usage_in_bytes; no limit of its own, so nothing is refused by it',
    },
    LOCKEDPAGES: { held: pages(stat('total_unevictable')), how: locked },
    PRIVVMPAGES: {
      held: pages(sum(stat('total_rss'), orNone(stat('total_swap')))),
      refusal: 'oom',
      how: inUse,
    },
    SHMPAGES: { held: pages(stat('total_shmem')), how: shared },
    PHYSPAGES: {
      held: pages(memory('memory.usage_in_bytes')),
      peak: pages(memory('memory.max_usage_in_bytes')),
      refusal: 'oom',
      how: `memory.usage_in_bytes: ${allMemory}`,
    },
    OOMGUARPAGES: {
      // Without swap accounting there are no files of both.
      held: pages((r) => memory('memory.memsw.usage_in_bytes')(r) ?? memory('memory.usage_in_bytes')(r)),
      peak: pages(
        (r) => memory('memory.memsw.max_usage_in_bytes')(r) ?? memory('memory.max_usage_in_bytes')(r),
      ),
      refusal: 'kill',
      how: bothMemories,
    },
    DCACHESIZE: { how: 'cgroup v1 does not tell it apart from other kernel memory' },
    SWAPPAGES: {
      held: pages(beyond(memory('memory.memsw.usage_in_bytes'), memory('memory.usage_in_bytes'))),
      how: 'swap in use; cgroup v1 counts its fails together with those of memory',
    },
  },
  2: {
    ...common,
    VMGUARPAGES: {
      ...common.VMGUARPAGES,
      refusal: 'low',
      how: 'nothing is charged to it; fails are reclaims below the guarantee',
    },
    KMEMSIZE: {
      held: stat('kernel'),
      how: 'memory.stat kernel; no limit of its own, so nothing is refused by it',
    },
    LOCKEDPAGES: { held: pages(stat('unevictable')), how: locked },
    PRIVVMPAGES: {
      held: pages(sum(stat('anon'), orNone(memory('memory.swap.current')))),
      refusal: 'oom',
      how: inUse,
    },
    SHMPAGES: { held: pages(stat('shmem')), how: shared },
    PHYSPAGES: {
      held: pages(memory('memory.current')),
      peak: pages(memory('memory.peak')),
      refusal: 'oom',
      how: `memory.current: ${allMemory}`,
    },
    OOMGUARPAGES: {
      held: pages(sum(memory('memory.current'), orNone(memory('memory.swap.current')))),
      refusal: 'kill',
      how: bothMemories,
    },
    DCACHESIZE: {
      held: stat('slab_reclaimable'),
      how: 'memory.stat slab_reclaimable: what is not in use is counted too',
    },
    SWAPPAGES: {
      held: pages(memory('memory.swap.current')),
      peak: pages(memory('memory.swap.peak')),
      refusal: 'swap',
      how: 'memory.swap.current',
    },
  },
} as const satisfies Readonly<Record<1 | 2, Readonly<Record<string, Omit<Source, 'key'>>>>>;

/** Returns the sources of all beancounters for cgroup v1 or v2. */
export function sourcesOf(version: 1 | 2): readonly Source[] {
  return Object.entries<Omit<Source, 'key'>>(worlds[version]).map(([key, source]) => ({ key, ...source }));
}

/** Each counter of refusals; null where this kernel has none. The fewest files, since they are read often. */
export const refusalReads: Readonly<Record<1 | 2, Readonly<Record<Refusal, Read>>>> = {
  1: {
    pids: (r) => r.keyed('pids', 'pids.events', 'max'),
    // cgroup v1 counts a shortage of memory only where it ends a process.
    oom: (r) => r.keyed('memory', 'memory.oom_control', 'oom_kill'),
    kill: (r) => r.keyed('memory', 'memory.oom_control', 'oom_kill'),
    swap: () => null,
    low: () => null,
  },
  2: {
    pids: (r) => r.keyed('pids', 'pids.events', 'max'),
    oom: (r) => r.keyed('memory', 'memory.events', 'oom'),
    kill: (r) => r.keyed('memory', 'memory.events', 'oom_kill'),
    swap: (r) => r.keyed('memory', 'memory.swap.events', 'max'),
    low: (r) => r.keyed('memory', 'memory.events', 'low'),
  },
};
