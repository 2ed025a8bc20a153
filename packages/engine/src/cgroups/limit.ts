// A value for a cgroup file of a container: how it is written, read back and lifted.
// SPDX-License-Identifier: Apache-2.0
import type { Controller } from './layout.js';

/** A value for a cgroup file of a container. */
export interface Limit {
  readonly controller: Controller;
  readonly file: string;
  readonly value: string;
  /** It protects the host and the others: without it the domain must not start. */
  readonly hard: boolean;
  /** The disk, `MAJ:MIN`, in files that hold a line for each. */
  readonly device?: string;
}

/** What is written to the file. */
export const lineOf = ({ device, value }: Limit): string =>
  device === undefined ? value : `${device} ${value}`;

/** What lifts a limit; the files that hold weights go back to the kernel's own. */
const lifting: Readonly<Record<string, string>> = {
  'memory.limit_in_bytes': '-1',
  'memory.soft_limit_in_bytes': '-1',
  'memory.memsw.limit_in_bytes': '-1',
  'memory.min': '0',
  'memory.low': '0',
  'cpu.shares': '1024',
  'cpu.weight': '100',
  'cpu.cfs_period_us': '100000',
  'cpu.cfs_quota_us': '-1',
  'cpuset.cpus': '',
  'cpuset.mems': '',
  'blkio.bfq.weight': '100',
  'io.bfq.weight': '100',
  'io.weight': '100',
};

/** The same for one disk. */
const liftingOfDisk: Readonly<Record<string, string>> = {
  'blkio.bfq.weight_device': 'default',
  'io.bfq.weight': 'default',
  'io.weight': 'default',
  'io.max': 'rbps=max wbps=max riops=max wiops=max',
};

/** The value of a file that stands for no limit. */
export const unlimitedValue = (file: string, device?: string): string =>
  device === undefined ? (lifting[file] ?? 'max') : (liftingOfDisk[file] ?? '0');
