// Weights and limits of block I/O as cgroup files take them, in both cgroup worlds.
// SPDX-License-Identifier: Apache-2.0
import type { IoDeviceLimits, Resources } from '@ctvirt/formats';
import type { Limit } from './limit.js';

/** Disks by their numbers, `MAJ:MIN`. */
export interface IoDisks {
  /** Below the domain's file systems; looked up when it is asked for. */
  readonly own: readonly string[];
  /** The disk of a path that a document names; throws where it is none. */
  named(path: string): string;
}

/** Used where the host's disks are not known: a path stands for itself. */
export const noDisks: IoDisks = { own: [], named: (path) => path };

const rates = [
  ['readBytesPerSecond', 'read_bps', 'rbps', 'ioBytesPerSecond'],
  ['writeBytesPerSecond', 'write_bps', 'wbps', 'ioBytesPerSecond'],
  ['readOperationsPerSecond', 'read_iops', 'riops', 'ioOperationsPerSecond'],
  ['writeOperationsPerSecond', 'write_iops', 'wiops', 'ioOperationsPerSecond'],
] as const;
type Rate = (typeof rates)[number][0];
type Rates = Partial<Record<Rate, number>>;

/** Each is one limit in the files that may hold it: kernels differ in which of them they have. */
export function ioLimitsOf(resources: Resources, version: 1 | 2, disks: IoDisks): Limit[][] {
  const devices = (resources.ioDevices ?? []).map((one) => ({ ...one, disk: disks.named(one.path) }));
  const limits: Limit[][] = [];
  const { ioWeight: weight } = resources;
  if (weight !== undefined) limits.push(weights[version].map((file) => soft(version, file, String(weight))));
  for (const { disk, weight: own } of devices)
    if (own !== undefined)
      limits.push(deviceWeights[version].map((file) => soft(version, file, String(own), disk)));
  for (const [disk, found] of ratesByDisk(resources, devices, disks))
    limits.push(...rateLimits[version](disk, found));
  return limits;
}

/** Whether there are limits on the domain's disks, and none of this host's is below it: it lies in memory, or on a network. */
export const lacksDisks = (resources: Resources, disks: IoDisks): boolean =>
  rates.some(([, , , general]) => resources[general] !== undefined) && disks.own.length === 0;

const weights = { 1: ['blkio.bfq.weight'], 2: ['io.bfq.weight', 'io.weight'] } as const;
const deviceWeights = { 1: ['blkio.bfq.weight_device'], 2: ['io.bfq.weight', 'io.weight'] } as const;

const soft = (version: 1 | 2, file: string, value: string, device?: string): Limit => ({
  controller: version === 1 ? 'blkio' : 'io',
  file,
  value,
  hard: false,
  ...(device !== undefined && { device }),
});

/** A disk that lies below the root and is named besides gets the smaller of both. */
function ratesByDisk(
  resources: Resources,
  devices: readonly (IoDeviceLimits & { readonly disk: string })[],
  disks: IoDisks,
): Map<string, Rates> {
  const found = new Map<string, Rates>();
  const lower = (disk: string, rate: Rate, value: number | undefined): void => {
    if (value === undefined) return;
    const known = found.get(disk) ?? {};
    found.set(disk, { ...known, [rate]: Math.min(value, known[rate] ?? value) });
  };
  for (const [rate, , , general] of rates) {
    const all = resources[general];
    if (all !== undefined) for (const disk of disks.own) lower(disk, rate, all);
    for (const device of devices) lower(device.disk, rate, device[rate]);
  }
  return found;
}

const rateLimits = {
  1: (disk: string, found: Rates): Limit[][] =>
    rates.flatMap(([rate, file]) =>
      found[rate] === undefined
        ? []
        : [[soft(1, `blkio.throttle.${file}_device`, String(found[rate]), disk)]],
    ),
  2: (disk: string, found: Rates): Limit[][] => [
    [soft(2, 'io.max', rates.map(([rate, , key]) => `${key}=${found[rate] ?? 'max'}`).join(' '), disk)],
  ],
} as const;
