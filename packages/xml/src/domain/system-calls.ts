// The kernel's system calls that a container's programs are refused unless its document allows them by name.
// SPDX-License-Identifier: Apache-2.0

/** Sorted; what each could do, and how it is refused, stands in the engine's table of the same names. */
export const deniedCalls = [
  'acct',
  'add_key',
  'bpf',
  'clock_settime',
  'delete_module',
  'finit_module',
  'init_module',
  'io_uring_enter',
  'io_uring_register',
  'io_uring_setup',
  'ioperm',
  'iopl',
  'kcmp',
  'kexec_file_load',
  'kexec_load',
  'keyctl',
  'lookup_dcookie',
  'migrate_pages',
  'move_pages',
  'open_by_handle_at',
  'perf_event_open',
  'request_key',
  'settimeofday',
  'stime',
  'swapoff',
  'swapon',
  'sysfs',
  'syslog',
  'umount2',
  'uselib',
  'userfaultfd',
  'ustat',
  'vm86',
  'vm86old',
] as const;

/** A call that `<allow>` in `<seccomp>` may name. */
export type DeniedCall = (typeof deniedCalls)[number];
