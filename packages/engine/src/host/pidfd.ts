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

/** So many are held at a time. */
const AT_ONCE = 256;

/** Sends SIGKILL to those of the processes that are among the `meant` ones still when nobody else can get their pids. */
export function killExactly(pids: readonly number[], meant: () => readonly number[]): void {
  for (let from = 0; from < pids.length; from += AT_ONCE) {
    const held = pids
      .slice(from, from + AT_ONCE)
      .map((pid) => ({ pid, fd: Number(cOpen(SYS_PIDFD_OPEN, pid, 0)) }));
    try {
      const still = new Set(meant());
      for (const { pid, fd } of held)
        if (fd >= 0 && still.has(pid)) cSend(SYS_PIDFD_SEND_SIGNAL, fd, constants.signals.SIGKILL, null, 0);
    } finally {
      for (const { fd } of held) if (fd >= 0) closeSync(fd);
    }
  }
}
