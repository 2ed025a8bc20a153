// What a running domain has used, from the kernel's own counters in either cgroup world.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupLayout, type Controller, readNumber } from './cgroups/layout.js';
import type { Held } from './guarantees/ledger.js';
import type { CpuCounters, DomainCounters, IoCounters, LinkCounters, MemoryCounters } from './view.js';

export interface CounterParts {
  readonly cgroups: CgroupLayout;
  readonly group: string;
  readonly initPid: number;
  /** The domain's links, in their order in the document. */
  readonly links: () => Promise<
    readonly {
      readonly name: string;
      readonly hostName: string | undefined;
      readonly mac: string | undefined;
    }[]
  >;
}

/** USER_HZ, in which cgroup v1 counts user and system time. */
const NS_PER_TICK = 10_000_000;

export function countersOf(parts: CounterParts): DomainCounters {
  const isV2 = parts.cgroups.version === 2;
  const file = (controller: Controller, name: string): string =>
    join(parts.cgroups.path(controller, parts.group), name);
  return {
    cpuTimeNs: () =>
      isV2 ? cpuV2(file('cpu', 'cpu.stat')).totalNs : readNumber(file('cpuacct', 'cpuacct.usage')),
    usedMemoryKiB: () => toKiB(readNumber(file('memory', isV2 ? 'memory.current' : 'memory.usage_in_bytes'))),
    cpu: () => (isV2 ? cpuV2(file('cpu', 'cpu.stat')) : cpuV1(file)),
    memory: () => (isV2 ? memoryV2(file) : memoryV1(file)),
    io: () => (isV2 ? ioV2(file('io', 'io.stat')) : ioV1(file)),
    links: () => linksOf(parts),
  };
}

/** Memory, swap and processes of a group; zero where it has just ended or the kernel does not count. */
export function heldBy(cgroups: CgroupLayout, group: string): Held {
  const number = (controller: Controller, name: string): number =>
    readNumber(join(cgroups.path(controller, group), name)) ?? 0;
  const processes = number('pids', 'pids.current');
  if (cgroups.version === 2)
    return {
      memoryBytes: number('memory', 'memory.current'),
      swapBytes: number('memory', 'memory.swap.current'),
      processes,
    };
  const memoryBytes = number('memory', 'memory.usage_in_bytes');
  const both = number('memory', 'memory.memsw.usage_in_bytes');
  return { memoryBytes, swapBytes: Math.max(0, both - memoryBytes), processes };
}

type FileOf = (controller: Controller, name: string) => string;

/** Empty where the group ended meanwhile, or this kernel has no such file. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Lines of `key number`. */
function keyed(path: string): (key: string) => number | null {
  const values = new Map(
    textOf(path)
      .split('\n')
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))] as const;
      }),
  );
  return (key) => values.get(key) ?? null;
}

const scaled = (value: number | null, factor: number): number | null =>
  value === null ? null : Math.round(value * factor);
const toKiB = (bytes: number | null): number | null => scaled(bytes, 1 / 1024);

function cpuV1(file: FileOf): CpuCounters {
  const stat = keyed(file('cpuacct', 'cpuacct.stat'));
  const each = textOf(file('cpuacct', 'cpuacct.usage_percpu')).trim();
  return {
    totalNs: readNumber(file('cpuacct', 'cpuacct.usage')),
    userNs: scaled(stat('user'), NS_PER_TICK),
    systemNs: scaled(stat('system'), NS_PER_TICK),
    perCpuNs: each === '' ? [] : each.split(/\s+/).map(Number),
  };
}

/** The unified hierarchy does not count by processor. */
function cpuV2(path: string): CpuCounters {
  const stat = keyed(path);
  return {
    totalNs: scaled(stat('usage_usec'), 1000),
    userNs: scaled(stat('user_usec'), 1000),
    systemNs: scaled(stat('system_usec'), 1000),
    perCpuNs: [],
  };
}

function memoryV1(file: FileOf): MemoryCounters {
  const stat = keyed(file('memory', 'memory.stat'));
  return {
    usedKiB: toKiB(readNumber(file('memory', 'memory.usage_in_bytes'))),
    limitKiB: toKiB(readNumber(file('memory', 'memory.limit_in_bytes'))),
    rssKiB: toKiB(stat('total_rss')),
    cacheKiB: toKiB(stat('total_cache')),
    swapKiB: toKiB(stat('total_swap')),
    faults: stat('total_pgfault'),
    majorFaults: stat('total_pgmajfault'),
  };
}

function memoryV2(file: FileOf): MemoryCounters {
  const stat = keyed(file('memory', 'memory.stat'));
  return {
    usedKiB: toKiB(readNumber(file('memory', 'memory.current'))),
    limitKiB: toKiB(readNumber(file('memory', 'memory.max'))),
    rssKiB: toKiB(stat('anon')),
    cacheKiB: toKiB(stat('file')),
    swapKiB: toKiB(readNumber(file('memory', 'memory.swap.current'))),
    faults: stat('pgfault'),
    majorFaults: stat('pgmajfault'),
  };
}

/** Lines of `MAJ:MIN Operation number`, summed over devices. */
function summedV1(path: string): (operation: string) => number | null {
  const lines = textOf(path).split('\n');
  return (operation) => {
    let sum: number | null = null;
    for (const line of lines) {
      const [, kind, value] = line.split(' ');
      if (kind === operation) sum = (sum ?? 0) + Number(value);
    }
    return sum;
  };
}

function ioV1(file: FileOf): IoCounters {
  const bytes = summedV1(file('blkio', 'blkio.throttle.io_service_bytes_recursive'));
  const operations = summedV1(file('blkio', 'blkio.throttle.io_serviced_recursive'));
  return {
    readBytes: bytes('Read') ?? 0,
    writtenBytes: bytes('Write') ?? 0,
    reads: operations('Read') ?? 0,
    writes: operations('Write') ?? 0,
  };
}

/** Lines of `MAJ:MIN key=number …`, summed over devices. */
function ioV2(path: string): IoCounters {
  const text = textOf(path);
  const sum = (key: string): number =>
    [...text.matchAll(new RegExp(`\\b${key}=(\\d+)`, 'g'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return { readBytes: sum('rbytes'), writtenBytes: sum('wbytes'), reads: sum('rios'), writes: sum('wios') };
}

/** As the container itself counts them: what it received is `rx`. */
async function linksOf({ initPid, links }: CounterParts): Promise<LinkCounters[]> {
  const lines = new Map(
    textOf(`/proc/${initPid}/net/dev`)
      .split('\n')
      .slice(2)
      .map((line) => {
        const at = line.lastIndexOf(':');
        return [
          line.slice(0, at).trim(),
          line
            .slice(at + 1)
            .trim()
            .split(/\s+/)
            .map(Number),
        ] as const;
      }),
  );
  return (await links()).map(({ name, hostName, mac }) => {
    const values = lines.get(name) ?? [];
    const side = (from: number) => ({
      bytes: values[from] ?? null,
      packets: values[from + 1] ?? null,
      errors: values[from + 2] ?? null,
      drops: values[from + 3] ?? null,
    });
    return { name, hostName: hostName ?? null, mac: mac ?? null, rx: side(0), tx: side(8) };
  });
}
