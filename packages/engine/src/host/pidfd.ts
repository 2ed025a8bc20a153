// Processes by descriptors: a pid may be another's by the time it is used.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';
import { unlessGone } from './gone.js';
import { ioctlBuffer } from './syscalls.js';

// The numbers are the same on every architecture.
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;

const libc = koffi.load(null);
const cOpen = libc.func('syscall', 'long', ['long', 'int', 'uint']);
const cGet = libc.func('syscall', 'long', ['long', 'int', 'int', 'uint']);
const cSend = libc.func('syscall', 'long', ['long', 'int', 'int', 'void*', 'uint']);

/** So many are held at a time. */
const AT_ONCE = 256;

/** Sends a signal to those of the processes that are among the `meant` ones still when nobody else can get their pids. */
export function killExactly(
  pids: readonly number[],
  meant: () => readonly number[],
  signal: NodeJS.Signals = 'SIGKILL',
): void {
  for (let from = 0; from < pids.length; from += AT_ONCE) {
    const held = pids
      .slice(from, from + AT_ONCE)
      .map((pid) => ({ pid, fd: Number(cOpen(SYS_PIDFD_OPEN, pid, 0)) }));
    try {
      const still = new Set(meant());
      for (const { pid, fd } of held)
        if (fd >= 0 && still.has(pid)) cSend(SYS_PIDFD_SEND_SIGNAL, fd, constants.signals[signal], null, 0);
    } finally {
      for (const { fd } of held) if (fd >= 0) closeSync(fd);
    }
  }
}

/** A descriptor of an open file of a process, by its number there; undefined where it has none. */
export function fetchDescriptor(pid: number, number: number): number | undefined {
  const holder = Number(cOpen(SYS_PIDFD_OPEN, pid, 0));
  if (holder < 0) return undefined;
  try {
    const copy = Number(cGet(SYS_PIDFD_GETFD, holder, number, 0));
    return copy < 0 ? undefined : copy;
  } finally {
    closeSync(holder);
  }
}

const TIOCGPTN = 0x80045430;

/** Which terminal it is: each devpts numbers its own. */
function terminalKey(master: number): string {
  const number = Buffer.alloc(4);
  ioctlBuffer(master, TIOCGPTN, number, 'a terminal');
  const { dev, ino } = fstatSync(master);
  return `${dev}:${ino}:${number.readUInt32LE()}`;
}

/** A descriptor of the terminal that a process is the master of beside this one; undefined where there is none, or it has ended. */
export function fetchTerminal(pid: number, beside: number): number | undefined {
  const holder = Number(cOpen(SYS_PIDFD_OPEN, pid, 0));
  if (holder < 0) return undefined;
  try {
    const known = terminalKey(beside);
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      if (!isMaster(`/proc/${pid}/fd/${fd}`)) continue;
      const copy = Number(cGet(SYS_PIDFD_GETFD, holder, Number(fd), 0));
      if (copy < 0) continue; // closed meanwhile
      if (terminalKey(copy) !== known) return copy;
      closeSync(copy);
    }
    return undefined;
  } finally {
    closeSync(holder);
  }
}

const isMaster = (link: string): boolean => unlessGone(() => readlinkSync(link))?.endsWith('ptmx') === true;
