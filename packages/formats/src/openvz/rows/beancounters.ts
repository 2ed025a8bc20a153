// The beancounters, in the order of /proc/user_beancounters, and the parameters of memory beside them.
// SPDX-License-Identifier: Apache-2.0
import { inGroup } from '../parameter.js';
import { physpages, privvmpages, swappages, vmguarpages } from './memory.js';

const inMemory = 'counts within the memory limit';
const raises = `${inMemory}, which it raises by its own`;
const raisesToo = `${raises} where KMEMSIZE is set`;
const noSockets = 'the kernel does not count the sockets of a container';

const counted = { syntax: 'ubc', unit: 'count' } as const;
const pages = { syntax: 'ubc', unit: 'pages' } as const;
const kernelMemory = {
  syntax: 'ubc',
  unit: 'bytes',
  ubcClass: 'secondary',
  bounds: 'ordered',
  status: 'approximated',
  isKernelMemory: true,
} as const;
const buffers = (key: string, meaning: string) => ({ key, ...kernelMemory, meaning, how: raisesToo });

/** In the kernel's order. */
export const beancounterRows = inGroup('beancounter', [
  {
    key: 'KMEMSIZE',
    ...kernelMemory,
    meaning: 'kernel memory that cannot be swapped',
    how: raises,
  },
  {
    key: 'LOCKEDPAGES',
    ...pages,
    ubcClass: 'auxiliary',
    bounds: 'ordered',
    meaning: 'memory locked with mlock',
    status: 'approximated',
    how: 'RLIMIT_MEMLOCK: of each process, not of the container',
    becomes: ['memlockBytes', 'limit', 'bytes'],
  },
  {
    key: 'PRIVVMPAGES',
    ...pages,
    ubcClass: 'secondary',
    bounds: 'ordered',
    meaning: 'private virtual memory allocated, touched or not',
    status: 'approximated',
    how: 'memory in use is limited, not its allocation: too much ends a process instead of failing malloc',
    ...privvmpages,
  },
  {
    key: 'SHMPAGES',
    ...pages,
    ubcClass: 'auxiliary',
    bounds: 'equal',
    meaning: 'shared memory: SysV, tmpfs, shared anonymous maps',
    status: 'approximated',
    how: 'kernel.shmall for System V; files in memory count within the memory limit',
    becomes: ['shmallPages', 'limit', 'plain'],
  },
  {
    key: 'NUMPROC',
    ...counted,
    ubcClass: 'primary',
    bounds: 'equal',
    meaning: 'processes and threads',
    status: 'enforced',
    how: 'pids.max',
    becomes: ['pidsMax', 'limit', 'plain'],
  },
  {
    key: 'PHYSPAGES',
    ...pages,
    ubcClass: 'auxiliary',
    bounds: 'total',
    meaning: 'memory in use; with a limit set, the RAM of the container (VSwap)',
    status: 'enforced',
    how: 'the memory limit; unlimited, it only accounts',
    ...physpages,
  },
  {
    key: 'VMGUARPAGES',
    ...pages,
    ubcClass: 'primary',
    bounds: 'guarantee',
    meaning: 'virtual memory whose allocation never fails',
    status: 'approximated',
    how: 'memory.low: reclaimed last; nothing on cgroup v1',
    ...vmguarpages,
  },
  {
    key: 'OOMGUARPAGES',
    ...pages,
    ubcClass: 'secondary',
    bounds: 'guarantee',
    meaning: 'memory and swap below which nothing is killed when the node runs out',
    status: 'approximated',
    how: 'when the host runs out of memory, processes of those beyond theirs are killed first; memory.min besides, where there is cgroup v2',
    becomes: ['memoryMinBytes', 'barrier', 'bytes'],
  },
  {
    key: 'NUMTCPSOCK',
    ...counted,
    ubcClass: 'primary',
    bounds: 'equal',
    meaning: 'TCP sockets',
    status: 'recorded',
    how: noSockets,
  },
  {
    key: 'NUMFLOCK',
    ...counted,
    ubcClass: 'auxiliary',
    bounds: 'ordered',
    meaning: 'file locks',
    status: 'recorded',
    how: 'the kernel does not limit locks: RLIMIT_LOCKS has no effect',
  },
  {
    key: 'NUMPTY',
    ...counted,
    ubcClass: 'auxiliary',
    bounds: 'equal',
    meaning: 'pseudo-terminals',
    status: 'approximated',
    how: "the container's devpts; root in it may mount another, with as many as the host has left",
    becomes: ['ptyMax', 'limit', 'plain'],
  },
  {
    key: 'NUMSIGINFO',
    ...counted,
    ubcClass: 'auxiliary',
    bounds: 'equal',
    meaning: 'queued signals',
    status: 'approximated',
    how: "RLIMIT_SIGPENDING of who makes the user namespace, at most half of root's; compared with what all containers and root have queued together",
    becomes: ['sigpending', 'limit', 'plain'],
  },
  buffers('TCPSNDBUF', 'TCP send buffers'),
  buffers('TCPRCVBUF', 'TCP receive buffers'),
  buffers('OTHERSOCKBUF', 'UNIX socket buffers and other send buffers'),
  buffers('DGRAMRCVBUF', 'datagram receive buffers'),
  {
    key: 'NUMOTHERSOCK',
    ...counted,
    ubcClass: 'primary',
    bounds: 'equal',
    meaning: 'sockets other than TCP',
    status: 'recorded',
    how: noSockets,
  },
  {
    key: 'DCACHESIZE',
    syntax: 'ubc',
    unit: 'bytes',
    ubcClass: 'auxiliary',
    bounds: 'ordered',
    meaning: 'pinned directory entries and inodes',
    status: 'approximated',
    how: inMemory,
  },
  {
    key: 'NUMFILE',
    ...counted,
    ubcClass: 'auxiliary',
    bounds: 'equal',
    meaning: 'open files',
    status: 'approximated',
    how: 'RLIMIT_NOFILE: of each process, not of the container',
    becomes: ['nofile', 'limit', 'plain'],
  },
  {
    key: 'NUMIPTENT',
    ...counted,
    ubcClass: 'auxiliary',
    bounds: 'equal',
    meaning: 'packet filter rules',
    status: 'recorded',
    how: 'the kernel does not count the packet filter rules of a container',
  },
  {
    key: 'SWAPPAGES',
    ...pages,
    ubcClass: 'auxiliary',
    bounds: 'total',
    required: false,
    meaning: 'swap space of the container',
    status: 'enforced',
    how: 'memory.swap.max; on cgroup v1 memory.memsw.limit_in_bytes, which counts memory, too',
    ...swappages,
  },
]);

/** Memory besides. */
export const memoryRows = inGroup('memory', [
  {
    key: 'AVNUMPROC',
    ...counted,
    meaning: 'average number of processes, for planning only',
    status: 'recorded',
    how: 'an estimate for planning, by definition',
  },
  {
    key: 'VM_OVERCOMMIT',
    syntax: 'float',
    duplicates: 'first',
    meaning: 'VSwap: PRIVVMPAGES is RAM and swap times this',
    status: 'recorded',
    how: 'derives PRIVVMPAGES, whose allocation nothing limits',
  },
  {
    key: 'MEMINFO',
    syntax: 'meminfo',
    meaning: 'total memory shown inside: none, pages:N or privvmpages:N',
    status: 'recorded',
    how: 'only lxcfs could show another total',
  },
]);
