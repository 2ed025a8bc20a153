// Which cgroup file holds which limit, in both cgroup worlds: one row for each.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/formats';
import { commonPeriodUs } from '@ctvirt/xml';
import { type IoDisks, ioLimitsOf, noDisks } from './io-limits.js';
import type { CgroupLayout, Controller } from './layout.js';
import type { Limit } from './limit.js';

type Row = (r: Resources) => Limit | undefined;

type Value = (r: Resources) => string | number | undefined;

const rowOf =
  (hard: boolean) =>
  (controller: Controller, file: string, value: Value): Row =>
  (r) => {
    const found = value(r);
    return found === undefined ? undefined : { controller, file, value: String(found), hard };
  };
const row = rowOf(false);
const hardRow = rowOf(true);

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, Math.round(value)));

/** v1 counts memory and swap together; without a limit on memory the kernel refuses one on both. */
const memoryAndSwap = (r: Resources): number | undefined =>
  r.memoryMaxBytes === undefined || r.swapMaxBytes === undefined
    ? undefined
    : r.memoryMaxBytes + r.swapMaxBytes;

const rows: Readonly<Record<1 | 2, readonly Row[]>> = {
  // The order matters: memory before memory and swap together, the period before the quota.
  1: [
    hardRow('memory', 'memory.limit_in_bytes', (r) => r.memoryMaxBytes),
    row('memory', 'memory.soft_limit_in_bytes', (r) => r.memoryHighBytes ?? r.memoryLowBytes),
    row('memory', 'memory.memsw.limit_in_bytes', memoryAndSwap),
    hardRow('pids', 'pids.max', (r) => r.pidsMax),
    row('cpu', 'cpu.shares', (r) => r.cpuShares && clamp(r.cpuShares, 2, 262144)),
    row('cpu', 'cpu.cfs_period_us', (r) =>
      r.cpuQuotaUs === undefined ? undefined : (r.cpuPeriodUs ?? commonPeriodUs),
    ),
    hardRow('cpu', 'cpu.cfs_quota_us', (r) => r.cpuQuotaUs && Math.max(1000, r.cpuQuotaUs)),
    row('cpuset', 'cpuset.cpus', (r) => r.cpusetCpus),
    row('cpuset', 'cpuset.mems', (r) => r.cpusetMems),
  ],
  2: [
    row('memory', 'memory.min', (r) => r.memoryMinBytes),
    row('memory', 'memory.low', (r) => r.memoryLowBytes),
    row('memory', 'memory.high', (r) => r.memoryHighBytes),
    hardRow('memory', 'memory.max', (r) => r.memoryMaxBytes),
    row('memory', 'memory.swap.max', (r) => r.swapMaxBytes),
    hardRow('pids', 'pids.max', (r) => r.pidsMax),
    row('cpu', 'cpu.weight', (r) => r.cpuWeight),
    hardRow(
      'cpu',
      'cpu.max',
      (r) => r.cpuQuotaUs && `${Math.max(1000, r.cpuQuotaUs)} ${r.cpuPeriodUs ?? commonPeriodUs}`,
    ),
    row('cpuset', 'cpuset.cpus', (r) => r.cpusetCpus),
    row('cpuset', 'cpuset.mems', (r) => r.cpusetMems),
  ],
};

/**
 * The limits this host can set, and those it lacks the controller or file for.
 * `exists` tells whether a file is there: a start with one that is not would fail.
 */
export function limitsOf(
  resources: Resources,
  layout: CgroupLayout,
  exists: (limit: Limit) => boolean,
  disks: IoDisks = noDisks,
): { set: Limit[]; missing: Limit[] } {
  const set: Limit[] = [];
  const missing: Limit[] = [];
  const wanted = [
    ...rows[layout.version].flatMap((make) => make(resources) ?? []).map((limit) => [limit]),
    ...ioLimitsOf(resources, layout.version, disks),
  ];
  for (const alternatives of wanted) {
    const found = alternatives.filter((limit) => layout.controllers.has(limit.controller) && exists(limit));
    set.push(...found);
    if (found.length === 0) missing.push(...alternatives.slice(0, 1));
  }
  return { set, missing };
}
