// What this host has to promise.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** What a host can promise, in the units of the ledger. */
export interface Capacity {
  readonly memoryBytes: number;
  readonly swapBytes: number;
  /** Threads the kernel lets exist at once. */
  readonly processes: number;
  /** OpenVZ's power of a node: 25 units for each BogoMIPS of each processor. */
  readonly cpuUnits: number;
}

const UNITS_PER_BOGOMIPS = 25;
/** A processor of 2 GHz counts about so many; taken where the kernel shows none. */
const COMMON_BOGOMIPS = 4000;

/** Read once: the kernel asks each processor how fast it is just now to tell of them. */
let bogomips: number | undefined;

function readBogomips(): number {
  const each = [...readFileSync('/proc/cpuinfo', 'utf8').matchAll(/^bogomips\s*:\s*([\d.]+)$/gim)];
  return each.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Reads /proc each time: memory and swap may change. */
export function readCapacity(hostCpus: number): Capacity {
  const memory = readFileSync('/proc/meminfo', 'utf8');
  const bytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(memory)?.[1] ?? 0) * 1024;
  bogomips ??= readBogomips() || COMMON_BOGOMIPS * hostCpus;
  const most = ['threads-max', 'pid_max'].map((file) =>
    Number(readFileSync(`/proc/sys/kernel/${file}`, 'utf8')),
  );
  return {
    memoryBytes: bytes('MemTotal'),
    swapBytes: bytes('SwapTotal'),
    processes: Math.min(...most),
    cpuUnits: Math.round(bogomips * UNITS_PER_BOGOMIPS),
  };
}
