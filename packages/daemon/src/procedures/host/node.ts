// The host: processors, memory, and their counters.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import type { Bind } from '../session.js';
import { counted } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';
import { arch } from './capabilities.js';

/** USER_HZ, in which /proc/stat counts, on every architecture of Linux but alpha. */
const nsPerTick = 10_000_000n;

/** Counters of one processor, or of all with -1. */
function cpuTimes(cpu: number): { field: string; value: bigint }[] {
  const name = cpu === -1 ? 'cpu' : `cpu${cpu}`;
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${name} `));
  if (line === undefined)
    throw refusal('invalidArg', 'none', `cpuNum in virNodeGetCPUStats must be less than the number of CPUs`);
  const [user = 0n, nice = 0n, system = 0n, idle = 0n, iowait = 0n, irq = 0n, softirq = 0n] = line
    .slice(name.length)
    .trim()
    .split(/\s+/)
    .map((ticks) => BigInt(ticks) * nsPerTick);
  return [
    { field: 'kernel', value: system + irq + softirq },
    { field: 'user', value: user + nice },
    { field: 'idle', value: idle },
    { field: 'iowait', value: iowait },
  ];
}

function memoryKiB(): { field: string; value: bigint }[] {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const rows = [
    ['total', 'MemTotal'],
    ['free', 'MemFree'],
    ['buffers', 'Buffers'],
    ['cached', 'Cached'],
  ] as const;
  return rows.map(([field, key]) => ({
    field,
    value: BigInt(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0),
  }));
}

/** Bit i stands for processor i. */
export function fullCpuMap(count: number): Buffer {
  const map = Buffer.alloc(Math.ceil(count / 8));
  for (let cpu = 0; cpu < count; cpu++) map[cpu >> 3] = (map[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  return map;
}

/** Of the first processor; Node knows it only where the kernel governs frequencies. */
function frequencyMHz(): number {
  const known = cpus()[0]?.speed ?? 0;
  if (known > 0) return known;
  const [, told] = /^cpu MHz\s*:\s*(\d+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  return Number(told ?? 0);
}

/** Node 0 is the whole host; free memory is in bytes, all other memory in KiB, and times are in nanoseconds. */
export const bindNode: Bind = () => ({
  nodeGetInfo() {
    const count = cpus().length;
    return {
      model: arch.name,
      memory: BigInt(Math.round(totalmem() / 1024)),
      cpus: count,
      mhz: frequencyMHz(),
      nodes: 1,
      sockets: 1,
      cores: count,
      threads: 1,
    };
  },
  nodeGetFreeMemory: () => ({ freeMem: BigInt(freemem()) }),
  nodeGetCellsFreeMemory: ({ startCell }) => ({ cells: startCell === 0 ? [BigInt(freemem())] : [] }),
  nodeGetSecurityModel: () => ({ model: 'none', doi: '0' }),
  nodeGetCpuStats: ({ cpuNum, nparams }) => counted(() => cpuTimes(cpuNum), nparams, 4),
  nodeGetMemoryStats({ cellNum, nparams }) {
    if (cellNum > 0)
      throw refusal('invalidArg', 'none', 'cellNum in virNodeGetMemoryStats must be less than or equal to 0');
    return counted(memoryKiB, nparams, 4);
  },
  nodeGetCpuMap({ needMap, needOnline }) {
    const count = cpus().length;
    return {
      cpumap: needMap === 0 ? Buffer.alloc(0) : fullCpuMap(count),
      online: needOnline === 0 ? 0 : count,
      ret: count,
    };
  },
});
