// What this host is: its kernel, its processors, and what the kernel can do; read once, and the same until the daemon ends.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, hostname, release, totalmem } from 'node:os';
import { type AppArmor, detectAppArmor } from './apparmor.js';
import { mountAt } from './mountinfo.js';
import { HostQuotas, type QuotaKind } from './quota.js';
import { pageSize } from './syscalls.js';

/** For tables that are made before there is a daemon. */
export { pageSize };

export interface Facts {
  /** Its release, as uname has it. */
  readonly kernel: string;
  /** By Node's name. */
  readonly arch: string;
  /** Processors that this daemon may use. */
  readonly hostCpus: number;
  readonly pageSize: number;
  readonly memoryBytes: number;
  /** 1 also stands for the hybrid layout, in which version 2 has no controllers. */
  readonly cgroupVersion: 1 | 2;
  /** Whether the kernel filters system calls; Debian's do. */
  readonly hasSeccomp: boolean;
  readonly appArmor: AppArmor;
  /** How many user namespaces there may be; 0 where there are none. */
  readonly userNamespaces: number;
  /** What the kernel can mount as it is; modules add to it. */
  readonly filesystems: readonly string[];
  /** What the folder of the layers lies on, and which quotas that enforces. */
  readonly storage: { readonly filesystem: string; readonly quotas: readonly QuotaKind[] };
}

const CGROUP2_MAGIC = 0x63677270;
const quotaKinds: readonly QuotaKind[] = ['user', 'group', 'project'];

/** `roots` is the folder of the layers. */
export function readFacts(roots: string): Facts {
  return {
    kernel: release(),
    arch: arch(),
    hostCpus: availableParallelism(),
    pageSize,
    memoryBytes: totalmem(),
    cgroupVersion: cgroupVersion(),
    hasSeccomp: existsSync('/proc/sys/kernel/seccomp/actions_avail'),
    appArmor: detectAppArmor(),
    userNamespaces: Number(textOf('/proc/sys/user/max_user_namespaces')),
    filesystems: filesystemsIn(textOf('/proc/filesystems')),
    storage: { filesystem: mountAt(roots)?.type ?? '', quotas: quotasAt(roots) },
  };
}

/** What the host calls itself. */
export const hostName = (): string => hostname();

export const cgroupVersion = (): 1 | 2 => (statfsSync('/sys/fs/cgroup').type === CGROUP2_MAGIC ? 2 : 1);

const online = new Map([
  ['cpuset.cpus', { what: 'the processors', list: '/sys/devices/system/cpu/online' }],
  ['cpuset.mems', { what: 'the memory nodes', list: '/sys/devices/system/node/online' }],
]);

/** What the host has of what a group's file lists, as a clause for a refusal; empty for other files. */
export function hostHas(file: string): string {
  const known = online.get(file);
  return known === undefined ? '' : `; this host has ${known.what} ${textOf(known.list).trim()}`;
}

/** Which of these numbers the host has not: of processors or memory nodes, by the file that would list them. */
export function beyondOnline(file: 'cpuset.cpus' | 'cpuset.mems', numbers: Iterable<number>): number[] {
  const ranges = textOf(online.get(file)?.list ?? '')
    .trim()
    .split(',')
    .map((range) => range.split('-').map(Number));
  return [...numbers].filter(
    (one) => !ranges.some(([first = -1, last = first]) => first <= one && one <= last),
  );
}

/** `nodev` before the name, where it needs no device. */
export const filesystemsIn = (text: string): string[] =>
  text.split('\n').flatMap((line) => line.split('\t')[1]?.trim() || []);

function quotasAt(folder: string): QuotaKind[] {
  using quotas = new HostQuotas(folder);
  return quotaKinds.filter((kind) => quotas.enforces(kind));
}

/** Empty where this kernel has no such file. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
