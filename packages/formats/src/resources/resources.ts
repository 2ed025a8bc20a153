// The numbers an engine enforces of a domain, and how much of a parameter's meaning they keep.
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
