// The system calls a container's programs are refused: one table, as liblxc's policy and as a filter for those that enter later.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { DeniedCall } from '@ctvirt/xml';
import koffi from 'koffi';
import { EngineError } from '../errors.js';
import { openMemory } from './syscalls.js';

/** What a document loosens by name, or that it wants no filter at all. */
export type SeccompPolicy = 'off' | { readonly allowed: readonly DeniedCall[] };

interface Denial {
  /**
   * `EPERM` for what takes rights over the host, as the kernel itself answers without them; `ENOSYS` for what a kernel may be
   * built without, so that programs take the way they have for such kernels.
   */
  readonly errno: 'EPERM' | 'ENOSYS';
  /** For people: what it does or gives away. */
  readonly why: string;
  /** Other architectures' names for the same. */
  readonly also?: readonly string[];
  /** Only with this bit in this argument. */
  readonly bit?: { readonly argument: number; readonly value: number };
}

const module = 'Runs code in the kernel.';
const otherKernel = 'Boots another kernel.';
const clock = 'Sets the clock of the host.';
const keys = "The kernel's keys: counted for all, and with a history of faults.";
const ring = 'Work done by the kernel behind the back of every other filter, with a history of faults.';
const pages = 'Moves memory between nodes, which the placement of domains decides.';
const ports = 'Ports of devices.';
const swap = "The host's swap.";
const emulation = 'Emulates old processors in the kernel.';
const old = 'Of old programs alone, and untested since.';

/** All of them; see docs/decisions/0022-kernel-surface.md for what Docker refuses and a whole system cannot do without. */
export const denials: Readonly<Record<DeniedCall, Denial>> = {
  acct: { errno: 'EPERM', why: 'Lets the kernel write a record of every process to a file.' },
  add_key: { errno: 'ENOSYS', why: keys },
  bpf: { errno: 'EPERM', why: 'Loads programs into the kernel.' },
  clock_settime: { errno: 'EPERM', why: clock, also: ['clock_settime64'] },
  delete_module: { errno: 'EPERM', why: module },
  finit_module: { errno: 'EPERM', why: module },
  init_module: { errno: 'EPERM', why: module },
  io_uring_enter: { errno: 'ENOSYS', why: ring },
  io_uring_register: { errno: 'ENOSYS', why: ring },
  io_uring_setup: { errno: 'ENOSYS', why: ring },
  ioperm: { errno: 'EPERM', why: ports },
  iopl: { errno: 'EPERM', why: ports },
  kcmp: { errno: 'ENOSYS', why: 'Tells how objects of the kernel lie in memory.' },
  kexec_file_load: { errno: 'EPERM', why: otherKernel },
  kexec_load: { errno: 'EPERM', why: otherKernel },
  keyctl: { errno: 'ENOSYS', why: keys },
  lookup_dcookie: { errno: 'ENOSYS', why: 'Names files of the host by number, for a profiler that is gone.' },
  migrate_pages: { errno: 'ENOSYS', why: pages },
  move_pages: { errno: 'ENOSYS', why: pages },
  open_by_handle_at: { errno: 'EPERM', why: 'Opens files by number, whatever path leads to them.' },
  perf_event_open: { errno: 'EPERM', why: 'Watches processor and kernel, with a history of faults.' },
  request_key: { errno: 'ENOSYS', why: keys },
  settimeofday: { errno: 'EPERM', why: clock },
  stime: { errno: 'EPERM', why: clock },
  swapoff: { errno: 'EPERM', why: swap },
  swapon: { errno: 'EPERM', why: swap },
  sysfs: { errno: 'ENOSYS', why: old },
  syslog: { errno: 'EPERM', why: "Reads the host's kernel log, and clears it." },
  umount2: {
    errno: 'EPERM',
    why: 'With MNT_FORCE: aborts what others wait for. Without it, it is allowed.',
    bit: { argument: 1, value: 1 },
  },
  uselib: { errno: 'ENOSYS', why: old },
  userfaultfd: {
    errno: 'EPERM',
    why: 'Halts the kernel where it reads memory, which makes races easy to win.',
  },
  ustat: { errno: 'ENOSYS', why: old },
  vm86: { errno: 'ENOSYS', why: emulation },
  vm86old: { errno: 'ENOSYS', why: emulation },
};

interface Rule extends Pick<Denial, 'bit'> {
  readonly call: string;
  readonly errno: number;
}

function rulesOf({ allowed }: Exclude<SeccompPolicy, 'off'>): Rule[] {
  const known = Object.entries(denials).filter(([name]) => !allowed.some((one) => one === name));
  return known.flatMap(([name, { errno, also = [], bit }]) =>
    [name, ...also].map((call) => ({ call, errno: constants.errno[errno], ...(bit && { bit }) })),
  );
}

/** What liblxc reads, for all architectures of this kernel: a call that one of them has not is left out there. */
export function policyText(policy: Exclude<SeccompPolicy, 'off'>): string {
  const line = ({ call, errno, bit }: Rule): string =>
    `${call} errno ${errno}${bit === undefined ? '' : ` [${bit.argument},${bit.value},SCMP_CMP_MASKED_EQ,${bit.value}]`}\n`;
  return `2\ndenylist\n[all]\n${rulesOf(policy).map(line).join('')}`;
}

/** The same as instructions for seccomp(2), eight bytes each: liblxc's library makes them, so both read names alike. */
export function compileFilter(policy: Exclude<SeccompPolicy, 'off'>): Buffer {
  const rules = rulesOf(policy).map(({ call, errno, bit }) => {
    const condition =
      bit === undefined ? undefined : conditionOf(bit.argument, MASKED_EQUAL, bit.value, bit.value);
    return { call, errno, condition };
  });
  return compile(rules, { architectures: compatible[process.arch] ?? [], others: KILL_THREAD });
}

/**
 * A filter for who starts containers, inherited by all that runs in them: no sockets to the hypervisor (vsock), which no namespace
 * holds back. liblxc's own cannot have it: it adds every rule to all architectures, and for those of 32 bits the library takes no
 * condition on the arguments of socket(2), which may come in memory there.
 */
export function compileOwnFilter(): Buffer {
  const condition = conditionOf(0, EQUAL, AF_VSOCK);
  const rules = [{ call: 'socket', errno: constants.errno.EAFNOSUPPORT, condition }];
  return compile(rules, { architectures: process.arch === 'x64' ? [X32] : [], others: ALLOW });
}

interface CompiledRule {
  readonly call: string;
  readonly errno: number;
  readonly condition: Buffer | undefined;
}

function compile(
  rules: readonly CompiledRule[],
  { architectures, others }: { readonly architectures: readonly number[]; readonly others: number },
): Buffer {
  const lib = libseccomp();
  const context: unknown = lib.init(ALLOW);
  const must = (result: number, what: string): void => {
    if (result < 0) throw new EngineError('internal', `libseccomp could not ${what}: error ${-result}`);
  };
  try {
    must(lib.set(context, SKIPPED_BY_TRACER, 1), 'let tracers skip calls');
    must(lib.set(context, OTHER_ARCHITECTURES, others), 'decide on other architectures');
    for (const arch of architectures)
      must(lib.addArch(context, arch), `add architecture ${arch.toString(16)}`);
    for (const { call, errno, condition } of rules) {
      const number = lib.resolve(call);
      if (number === UNKNOWN) continue; // a library older than the call
      const count = condition === undefined ? 0 : 1;
      must(lib.add(context, ERRNO | errno, number, count, condition ?? null), `refuse ${call}`);
    }
    return exported((fd) => must(lib.exportTo(context, fd), 'write the filter'));
  } finally {
    lib.release(context);
  }
}

const KILL_THREAD = 0;
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const OTHER_ARCHITECTURES = 2;
const SKIPPED_BY_TRACER = 5;
const UNKNOWN = -1;
const EQUAL = 4;
const MASKED_EQUAL = 7;
const AF_VSOCK = 40;
const X32 = 0x4000003e;

/** What else than its own programs a kernel runs; those that liblxc knows too. */
const compatible: Readonly<Partial<Record<NodeJS.Architecture, readonly number[]>>> = {
  x64: [0x40000003, X32],
  arm64: [0x40000028],
};

/** struct scmp_arg_cmp. */
function conditionOf(argument: number, operation: number, ...operands: readonly number[]): Buffer {
  const condition = Buffer.alloc(24);
  condition.writeUInt32LE(argument, 0);
  condition.writeUInt32LE(operation, 4);
  for (const [at, operand] of operands.entries()) condition.writeBigUInt64LE(BigInt(operand), 8 + 8 * at);
  return condition;
}

function exported(write: (fd: number) => void): Buffer {
  const fd = openMemory('seccomp');
  try {
    write(fd);
    return readFileSync(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

type Library = ReturnType<typeof load>;
let library: Library | undefined;

/** On first use: Debian's liblxc1 depends on it, but a daemon must say something without. */
function libseccomp(): Library {
  library ??= load();
  return library;
}

function load() {
  const lib = koffi.load('libseccomp.so.2');
  return {
    init: lib.func('void *seccomp_init(uint32_t)'),
    release: lib.func('void seccomp_release(void *)'),
    set: lib.func('int seccomp_attr_set(void *, int, uint32_t)'),
    addArch: lib.func('int seccomp_arch_add(void *, uint32_t)'),
    resolve: lib.func('int seccomp_syscall_resolve_name(str)'),
    add: lib.func('int seccomp_rule_add_array(void *, uint32_t, int, uint, void *)'),
    exportTo: lib.func('int seccomp_export_bpf(void *, int)'),
  };
}
