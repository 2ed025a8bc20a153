// What programs inherit of the one that starts them, and containers are not to have of the shell that started this daemon.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import koffi from 'koffi';
import { hasCapability } from './own-limits.js';
import { toNumber } from './syscalls.js';

const libc = koffi.load(null);
const cPersonality = libc.func('int personality(ulong)');
const cPrctl = libc.func('int prctl(int, ulong, ulong, ulong, ulong)');
const cGetScheduler = libc.func('int sched_getscheduler(int)');
const cGetParameters = libc.func('int sched_getparam(int, void *)');
const cSetScheduler = libc.func('int sched_setscheduler(int, int, void *)');
const cGetAffinity = libc.func('int sched_getaffinity(int, size_t, void *)');
const cSetAffinity = libc.func('int sched_setaffinity(int, size_t, void *)');
const cSyscall3 = libc.func('syscall', 'long', ['long', 'long', 'long', 'long']);

const GUEST_UMASK = 0o022;
const SELF = 0;
const SCHED_OTHER = 0;
/** A bit for each of 8,192 processors, the most that Linux can be built for. */
const AFFINITY_BYTES = 1024;
const IOPRIO_WHO_PROCESS = 1;
const MPOL_DEFAULT = 0;
const PR_SET_TIMERSLACK = 29;
const PR_MCE_KILL = 33;
const PR_SET_THP_DISABLE = 41;
const PR_SET_MEMORY_MERGE = 67;
const TIMER_SLACK_NS = 50_000;
/** MMF_DUMP_FILTER_DEFAULT: what the kernel writes of a program that has died, if nobody chose. */
const DUMP_FILTER = '0x33';

const calls =
  process.arch === 'x64'
    ? { ioprio_set: 251, ioprio_get: 252, set_mempolicy: 238 }
    : { ioprio_set: 30, ioprio_get: 31, set_mempolicy: 237 };

/** Runs something with one inherited property as a system's first program has it, and gives this thread its own back. */
type Around = <R>(start: () => R) => R;

interface Property<T> {
  read(): T;
  readonly first: T;
  write(value: T): void;
}

const around =
  <T extends number>({ read, first, write }: Property<T>): Around =>
  (start) => {
    const own = read();
    if (own === first) return start();
    write(first);
    try {
      return start();
    } finally {
      write(own);
    }
  };

const withUmask = around({
  read: () => process.umask(),
  first: GUEST_UMASK,
  write: (mask) => void process.umask(mask),
});

const withNice = around({
  read: () => getPriority(SELF),
  first: 0,
  write: (value) => {
    try {
      setPriority(SELF, value);
    } catch {
      // Without CAP_SYS_NICE a daemon that is nice stays so, and its containers with it.
    }
  },
});

const withIoPriority = around({
  read: () => toNumber(cSyscall3(calls.ioprio_get, IOPRIO_WHO_PROCESS, SELF, 0)),
  first: 0,
  write: (value) => void cSyscall3(calls.ioprio_set, IOPRIO_WHO_PROCESS, SELF, value),
});

const withScheduler: Around = (start) => {
  const policy = toNumber(cGetScheduler(SELF));
  if (policy === SCHED_OTHER) return start();
  const parameters = Buffer.alloc(4);
  cGetParameters(SELF, parameters);
  cSetScheduler(SELF, SCHED_OTHER, Buffer.alloc(4));
  try {
    return start();
  } finally {
    cSetScheduler(SELF, policy, parameters);
  }
};

const everyProcessor = Buffer.alloc(AFFINITY_BYTES, 0xff);

/** All processors that the control group has; those of a domain are its control group's. */
const withAffinity: Around = (start) => {
  const own = affinity();
  cSetAffinity(SELF, AFFINITY_BYTES, everyProcessor);
  try {
    return start();
  } finally {
    if (!affinity().equals(own)) cSetAffinity(SELF, AFFINITY_BYTES, own);
  }
};

function affinity(): Buffer {
  const mask = Buffer.alloc(AFFINITY_BYTES);
  cGetAffinity(SELF, AFFINITY_BYTES, mask);
  return mask;
}

const all = [withUmask, withAffinity, withScheduler, withNice, withIoPriority] as const;

/**
 * Starts a program that inherits what the kernel gives its first one: umask, nice, scheduler, priority of its input and output,
 * processors. What `start` does before it returns is done with those. An administrator may give this daemon others, by systemd's
 * Nice= or CPUAffinity=, and they are the daemon's alone.
 */
export function bornAsFirst<R>(start: () => R): R {
  return all.reduce<() => R>((inner, wrap) => () => wrap(inner), start)();
}

/**
 * Takes from this process what it has from a shell, passes on, and needs for nothing itself; returns what cannot be taken away.
 * Once, at its start.
 */
export function forgetShell(): readonly string[] {
  cPersonality(0);
  cPrctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
  cPrctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
  // Both are refused by kernels that were built without them.
  cPrctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0);
  cPrctl(PR_MCE_KILL, 0, 0, 0, 0);
  cSyscall3(calls.set_mempolicy, MPOL_DEFAULT, 0, 0);
  writeFileSync('/proc/self/coredump_filter', DUMP_FILTER);
  return /^NoNewPrivs:\s*1$/m.test(readFileSync('/proc/self/status', 'utf8'))
    ? [
        'this daemon was started with no_new_privs, which all containers inherit: su, sudo and ping fail in them (in systemd, remove NoNewPrivileges=)',
      ]
    : [];
}

/** What a container's programs have of /proc/PID/oom_score_adj: nobody is spared because this daemon is. */
export function guestOomScore(own: number): number {
  // What is not one's own doing can only be lowered with a capability.
  return own <= 0 || hasCapability('sysResource') ? 0 : own;
}

/** What this process has of it. */
export const ownOomScore = (): number => Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
