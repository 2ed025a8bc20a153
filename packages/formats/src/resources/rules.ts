// What each OpenVZ parameter becomes on a current kernel, and how much of its meaning is kept.
// SPDX-License-Identifier: Apache-2.0

/** The numbers an engine enforces; a missing one is no limit. Sizes in bytes, times in microseconds. */
export interface Resources {
  /** Everything the container holds: v2 memory.max, v1 memory.limit_in_bytes. */
  memoryMaxBytes?: number;
  /** Above it the container is slowed down: v2 memory.high, v1 memory.soft_limit_in_bytes. */
  memoryHighBytes?: number;
  /** Reclaimed only if nothing unprotected is left: v2 memory.low; cgroup v1 has no such thing. */
  memoryLowBytes?: number;
  /** Never reclaimed: v2 memory.min; cgroup v1 has no such thing. */
  memoryMinBytes?: number;
  /** Swap alone: v2 memory.swap.max; v1 memory.memsw.limit_in_bytes is this and memoryMaxBytes. */
  swapMaxBytes?: number;
  /** Processes and threads. */
  pidsMax?: number;
  /** It is said that there is no limit to them, which is more than that nothing is said. */
  pidsUnlimited?: true;
  /** v1 cpu.shares, 2 to 262144. */
  cpuShares?: number;
  /** v2 cpu.weight, 1 to 10000. */
  cpuWeight?: number;
  /** Time on all CPUs together in each period. */
  cpuQuotaUs?: number;
  cpuPeriodUs?: number;
  /** List form: 0,2-5. */
  cpusetCpus?: string;
  /** It runs on so many of these, or of all: whoever starts it chooses which. */
  cpuCount?: number;
  cpusetMems?: string;
  /** Share of block I/O against other groups: 1 to 1000, which have 100 where nothing is said. */
  ioWeight?: number;
  /** For reads and for writes, on each disk below the domain's file systems. */
  ioBytesPerSecond?: number;
  ioOperationsPerSecond?: number;
  /** On single disks of the host. */
  ioDevices?: readonly IoDeviceLimits[];
  /** RLIMIT_NOFILE of each process; above fs.nr_open the kernel refuses it. */
  nofile?: number;
  /** RLIMIT_MEMLOCK of each process; works only without CAP_IPC_LOCK on the host. */
  memlockBytes?: number;
  /** Terminals that can be opened; the console takes one more from lxc.pty.max. */
  ptyMax?: number;
  /** kernel.shmall of the container's IPC namespace. */
  shmallPages?: number;
  /** RLIMIT_SIGPENDING of the process that makes the user namespace: the ceiling over all its users. */
  sigpending?: number;
  /** TCP buffers of both directions: v1 memory.kmem.tcp.limit_in_bytes; on v2 part of memoryMaxBytes. */
  tcpBufferBytes?: number;
}

/** What is said of one disk of the host, by its path. */
export interface IoDeviceLimits {
  readonly path: string;
  readonly weight?: number;
  readonly readBytesPerSecond?: number;
  readonly writeBytesPerSecond?: number;
  readonly readOperationsPerSecond?: number;
  readonly writeOperationsPerSecond?: number;
}

/** Enforced: the kernel refuses or throttles at the limit. Approximated: at another grain. Recorded: shown only. */
export type ResourceStatus = 'enforced' | 'approximated' | 'recorded';

/** Fields that are one number. */
export type NumberField = {
  [K in keyof Resources]-?: NonNullable<Resources[K]> extends number ? K : never;
}[keyof Resources];

export interface ResourceRule {
  readonly key: string;
  readonly status: ResourceStatus;
  /** For people: where it is enforced and how that differs, or why it is not. */
  readonly how: string;
  /** The number it sets, where it is as simple as that: from barrier or limit, pages made bytes or not. */
  readonly sets?: readonly [field: NumberField, from: 'barrier' | 'limit', as: 'bytes' | 'plain'];
}

const inMemory = 'counts within the memory limit';
const raises = `${inMemory}, which it raises by its own`;
const raisesToo = `${raises} where KMEMSIZE is set`;
const noSockets = 'the kernel does not count the sockets of a container';
const throttled =
  'reads and writes each, on each disk below the root; on cgroup v1 only what waits for the disk, not what is written back later';

/** One row for each parameter of a container's resources, beancounters first, in the kernel's order. */
export const resourceRules: readonly ResourceRule[] = [
  { key: 'KMEMSIZE', status: 'approximated', how: raises },
  {
    key: 'LOCKEDPAGES',
    status: 'approximated',
    how: 'RLIMIT_MEMLOCK: of each process, not of the container',
    sets: ['memlockBytes', 'limit', 'bytes'],
  },
  {
    key: 'PRIVVMPAGES',
    status: 'approximated',
    how: 'memory in use is limited, not its allocation: too much ends a process instead of failing malloc',
  },
  {
    key: 'SHMPAGES',
    status: 'approximated',
    how: 'kernel.shmall for System V; files in memory count within the memory limit',
    sets: ['shmallPages', 'limit', 'plain'],
  },
  { key: 'NUMPROC', status: 'enforced', how: 'pids.max', sets: ['pidsMax', 'limit', 'plain'] },
  { key: 'PHYSPAGES', status: 'enforced', how: 'the memory limit; unlimited, it only accounts' },
  { key: 'VMGUARPAGES', status: 'approximated', how: 'memory.low: reclaimed last; nothing on cgroup v1' },
  {
    key: 'OOMGUARPAGES',
    status: 'approximated',
    how: 'when the host runs out of memory, processes of those beyond theirs are killed first; memory.min besides, where there is cgroup v2',
    sets: ['memoryMinBytes', 'barrier', 'bytes'],
  },
  { key: 'NUMTCPSOCK', status: 'recorded', how: noSockets },
  { key: 'NUMFLOCK', status: 'recorded', how: 'the kernel does not limit locks: RLIMIT_LOCKS has no effect' },
  {
    key: 'NUMPTY',
    status: 'approximated',
    how: "the container's devpts; root in it may mount another, with as many as the host has left",
    sets: ['ptyMax', 'limit', 'plain'],
  },
  {
    key: 'NUMSIGINFO',
    status: 'approximated',
    how: "RLIMIT_SIGPENDING of who makes the user namespace, at most half of root's; compared with what all containers and root have queued together",
    sets: ['sigpending', 'limit', 'plain'],
  },
  { key: 'TCPSNDBUF', status: 'approximated', how: raisesToo },
  { key: 'TCPRCVBUF', status: 'approximated', how: raisesToo },
  { key: 'OTHERSOCKBUF', status: 'approximated', how: raisesToo },
  { key: 'DGRAMRCVBUF', status: 'approximated', how: raisesToo },
  { key: 'NUMOTHERSOCK', status: 'recorded', how: noSockets },
  { key: 'DCACHESIZE', status: 'approximated', how: inMemory },
  {
    key: 'NUMFILE',
    status: 'approximated',
    how: 'RLIMIT_NOFILE: of each process, not of the container',
    sets: ['nofile', 'limit', 'plain'],
  },
  {
    key: 'NUMIPTENT',
    status: 'recorded',
    how: 'the kernel does not count the packet filter rules of a container',
  },
  { key: 'SWAPPAGES', status: 'enforced', how: 'memory.swap.max' },
  { key: 'AVNUMPROC', status: 'recorded', how: 'an estimate for planning, by definition' },
  { key: 'VM_OVERCOMMIT', status: 'recorded', how: 'derives PRIVVMPAGES, whose allocation nothing limits' },
  { key: 'MEMINFO', status: 'recorded', how: 'only lxcfs could show another total' },
  { key: 'CPUUNITS', status: 'enforced', how: 'CPU weight among the containers' },
  { key: 'CPULIMIT', status: 'enforced', how: 'CPU quota' },
  {
    key: 'CPUS',
    status: 'enforced',
    how: 'CPU quota, and cpuset.cpus: as many processors, those on which the fewest containers run',
  },
  { key: 'CPUMASK', status: 'enforced', how: 'cpuset.cpus' },
  { key: 'NODEMASK', status: 'enforced', how: 'cpuset.mems' },
  {
    key: 'IOPRIO',
    status: 'approximated',
    how: 'a weight among the containers, on disks with the I/O scheduler bfq, or io.cost on cgroup v2',
  },
  { key: 'IOLIMIT', status: 'approximated', how: throttled },
  { key: 'IOPSLIMIT', status: 'approximated', how: throttled },
  {
    key: 'DISKSPACE',
    status: 'enforced',
    how: "the size of an image of its own, less what is kept back of it, or a project of the host's quotas; the soft limit likewise, when its grace is over",
  },
  {
    key: 'DISKINODES',
    status: 'enforced',
    how: 'the inodes of the image, which gets more of them when it grows; above the soft limit ctvirt quota says so',
  },
  {
    key: 'QUOTATIME',
    status: 'approximated',
    how: 'for space, and looked at every minute: then no more can be written above the soft limit',
  },
  {
    key: 'QUOTAUGIDLIMIT',
    status: 'recorded',
    how: 'the kernel sets no bound to the number of quota owners: ctvirt quota limits each of them',
  },
];

const byKey = new Map(resourceRules.map((rule) => [rule.key, rule]));

/** The rule of a parameter. */
export function resourceRuleOf(key: string): ResourceRule | undefined {
  return byKey.get(key);
}
