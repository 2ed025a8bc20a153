// Signals to processes that are surely those which were meant, although a pid may be another's by the time it is used.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';

// The numbers are the same on every architecture.
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;

const libc = koffi.load(null);
const cOpen = libc.func('syscall', 'long', ['long', 'int', 'uint']);
const cSend = libc.func('syscall', 'long', ['long', 'int', 'int', 'void*', 'uint']);

/** Ends the process, if it is still the one that `isMeant` looks for once nobody else can get its pid. */
export function killExactly(pid: number, isMeant: () => boolean): void {
  const fd = Number(cOpen(SYS_PIDFD_OPEN, pid, 0));
  if (fd < 0) return; // gone
  try {
    if (isMeant()) cSend(SYS_PIDFD_SEND_SIGNAL, fd, constants.signals.SIGKILL, null, 0);
  } finally {
    closeSync(fd);
  }
}
