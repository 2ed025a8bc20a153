// What a running domain has used, from the kernel's own counters in either cgroup world.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainUse } from '@ctvirt/api';
import { keyed } from '../../cgroups/keyed.js';
import { type CgroupLayout, type Controller, readNumber } from '../../cgroups/layout.js';
import type { Gauges } from '../../host/gauges.js';
import type { CpuCounters, DomainCounters, IoCounters, LinkCounters, MemoryCounters } from '../../view.js';
import type { Held, Look } from '../driver.js';

/** Dependencies of `countersOf`. */
export interface CounterParts {
  readonly gauges: Gauges;
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

/** What `info` tells of a run, one row each. */
export const useOf = (parts: Pick<CounterParts, 'cgroups' | 'gauges' | 'group'>): DomainUse =>
  useIn(filesOf(parts));

const useIn = (files: Files): DomainUse => ({
  usedMemoryKiB: usedMemoryKiB(files),
  cpuTimeNs: cpuTimeNs(files),
  processes: files.number('pids', 'pids.current'),
  maxProcesses: files.number('pids', 'pids.max'),
});

/** All that these files tell at once. */
export const countsIn = (files: Files): Pick<Look, 'use' | 'cpu' | 'memory' | 'io'> => ({
  use: useIn(files),
  cpu: files.isV2 ? cpuV2(files) : cpuV1(files),
  memory: files.isV2 ? memoryV2(files) : memoryV1(files),
  io: files.isV2 ? ioV2(files) : ioV1(files),
});

/** Returns counters that read the kernel's files when they are called. */
export function countersOf(parts: CounterParts): DomainCounters {
  const files = filesOf(parts);
  const { isV2 } = files;
  return {
    cpuTimeNs: () => cpuTimeNs(files),
    usedMemoryKiB: () => usedMemoryKiB(files),
    cpu: () => (isV2 ? cpuV2(files) : cpuV1(files)),
    processorTimesNs: () => (isV2 ? [] : processorTimesV1(files)),
    memory: () => (isV2 ? memoryV2(files) : memoryV1(files)),
    io: () => (isV2 ? ioV2(files) : ioV1(files)),
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

/** A group's files. */
export interface Files {
  readonly isV2: boolean;
  readonly text: (controller: Controller, name: string) => string;
  readonly number: (controller: Controller, name: string) => number | null;
}

function filesOf({ cgroups, gauges, group }: Pick<CounterParts, 'cgroups' | 'gauges' | 'group'>): Files {
  const folder = (controller: Controller): string => cgroups.path(controller, group);
  return {
    isV2: cgroups.version === 2,
    text: (controller, name) => gauges.text(folder(controller), name),
    number: (controller, name) => gauges.number(folder(controller), name),
  };
}

const scaled = (value: number | null, factor: number): number | null =>
  value === null ? null : Math.round(value * factor);
const toKiB = (bytes: number | null): number | null => scaled(bytes, 1 / 1024);

const cpuTimeNs = (files: Files): number | null =>
  files.isV2 ? cpuV2(files).totalNs : files.number('cpuacct', 'cpuacct.usage');
const usedMemoryKiB = (files: Files): number | null =>
  toKiB(files.number('memory', files.isV2 ? 'memory.current' : 'memory.usage_in_bytes'));

function cpuV1(files: Files): CpuCounters {
  const stat = keyed(files.text('cpuacct', 'cpuacct.stat'));
  return {
    totalNs: files.number('cpuacct', 'cpuacct.usage'),
    userNs: scaled(stat('user'), NS_PER_TICK),
    systemNs: scaled(stat('system'), NS_PER_TICK),
  };
}

/** The unified hierarchy has no such file. */
function processorTimesV1(files: Files): number[] {
  const each = files.text('cpuacct', 'cpuacct.usage_percpu').trim();
  return each === '' ? [] : each.split(/\s+/).map(Number);
}

function cpuV2(files: Files): CpuCounters {
  const stat = keyed(files.text('cpu', 'cpu.stat'));
  return {
    totalNs: scaled(stat('usage_usec'), 1000),
    userNs: scaled(stat('user_usec'), 1000),
    systemNs: scaled(stat('system_usec'), 1000),
  };
}

function memoryV1(files: Files): MemoryCounters {
  const stat = keyed(files.text('memory', 'memory.stat'));
  return {
    usedKiB: toKiB(files.number('memory', 'memory.usage_in_bytes')),
    limitKiB: toKiB(files.number('memory', 'memory.limit_in_bytes')),
    rssKiB: toKiB(stat('total_rss')),
    cacheKiB: toKiB(stat('total_cache')),
    swapKiB: toKiB(stat('total_swap')),
    faults: stat('total_pgfault'),
    majorFaults: stat('total_pgmajfault'),
  };
}

function memoryV2(files: Files): MemoryCounters {
  const stat = keyed(files.text('memory', 'memory.stat'));
  return {
    usedKiB: toKiB(files.number('memory', 'memory.current')),
    limitKiB: toKiB(files.number('memory', 'memory.max')),
    rssKiB: toKiB(stat('anon')),
    cacheKiB: toKiB(stat('file')),
    swapKiB: toKiB(files.number('memory', 'memory.swap.current')),
    faults: stat('pgfault'),
    majorFaults: stat('pgmajfault'),
  };
}

/** Lines of `MAJ:MIN Operation number`, summed over devices. */
function summedV1(text: string): (operation: string) => number | null {
  const lines = text.split('\n');
  return (operation) => {
    let sum: number | null = null;
    for (const line of lines) {
      const [, kind, value] = line.split(' ');
      if (kind === operation) sum = (sum ?? 0) + Number(value);
    }
    return sum;
  };
}

/** Writes are not told: see `uncountedBy`. */
function ioV1(files: Files): IoCounters {
  const read = (name: string): number | null => {
    const text = files.text('blkio', name);
    return text === '' ? null : (summedV1(text)('Read') ?? 0);
  };
  return {
    readBytes: read('blkio.throttle.io_service_bytes_recursive'),
    writtenBytes: null,
    reads: read('blkio.throttle.io_serviced_recursive'),
    writes: null,
  };
}

/** Lines of `MAJ:MIN key=number …`, summed over devices. */
function ioV2(files: Files): IoCounters {
  const text = files.text('io', 'io.stat');
  const sum = (key: string): number =>
    [...text.matchAll(new RegExp(`\\b${key}=(\\d+)`, 'g'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return { readBytes: sum('rbytes'), writtenBytes: sum('wbytes'), reads: sum('rios'), writes: sum('wios') };
}

/** Read and closed: an open file of a network keeps it alive after its container. Empty where that has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * From the container's side: what it received is `rx`. Counted at the host's end where there is one, since which link has which
 * name inside is the container's to say.
 */
async function linksOf({ initPid, links }: CounterParts): Promise<LinkCounters[]> {
  const plans = await links();
  if (plans.length === 0) return [];
  const inside = linesOf(`/proc/${initPid}/net/dev`);
  const outside = linesOf('/proc/self/net/dev');
  return plans.map(({ name, hostName, mac }) => {
    const values = (hostName === undefined ? inside.get(name) : outside.get(hostName)) ?? [];
    const side = (from: number) => ({
      bytes: values[from] ?? null,
      packets: values[from + 1] ?? null,
      errors: values[from + 2] ?? null,
      drops: values[from + 3] ?? null,
    });
    const [first, second] = [side(0), side(8)];
    const [rx, tx] = hostName === undefined ? [first, second] : [second, first];
    return { name, hostName: hostName ?? null, mac: mac ?? null, rx, tx };
  });
}

/** Numbers of each link, by its name. */
const linesOf = (path: string): ReadonlyMap<string, readonly number[]> =>
  new Map(
    textOf(path)
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
