// What only the processes of a container know together: open files, terminals, queued signals, file locks.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessCounts {
  readonly files: number;
  readonly terminals: number;
  readonly signals: number;
  readonly locks: number;
}

/** Links and folders of /proc only: no file system of the container's own making is touched. */
export function processCounts(pids: readonly number[]): ProcessCounts {
  let files = 0;
  const terminals = new Set<string>();
  const signals = new Map<string, number>();
  for (const pid of pids) {
    const folder = `/proc/${pid}`;
    const open = orNothing(() => readdirSync(`${folder}/fd`), []);
    files += open.length;
    for (const fd of open) {
      const terminal = terminalOf(folder, fd);
      if (terminal !== undefined) terminals.add(terminal);
    }
    const status = textOf(`${folder}/status`);
    const queued = /^SigQ:\t(\d+)\//m.exec(status)?.[1];
    const user = /^Uid:\t(\d+)/m.exec(status)?.[1];
    // The kernel counts them by user.
    if (queued !== undefined && user !== undefined) signals.set(user, Number(queued));
  }
  return {
    files,
    terminals: terminals.size,
    signals: [...signals.values()].reduce((sum, one) => sum + one, 0),
    locks: locksOf(new Set(pids)),
  };
}

/** A terminal is known by its master, which several processes may hold. */
function terminalOf(folder: string, fd: string): string | undefined {
  if (!orNothing(() => readlinkSync(`${folder}/fd/${fd}`), '').endsWith('/ptmx')) return undefined;
  const info = textOf(`${folder}/fdinfo/${fd}`);
  const index = /^tty-index:\s*(\d+)$/m.exec(info)?.[1];
  return index === undefined ? undefined : `${/^mnt_id:\s*(\d+)$/m.exec(info)?.[1]} ${index}`;
}

/** Lines such as `1: POSIX  ADVISORY  WRITE 4711 00:2b:1042 0 EOF`; those that only wait have an arrow. */
function locksOf(pids: ReadonlySet<number>): number {
  return textOf('/proc/locks')
    .split('\n')
    .filter((line) => !line.includes('->') && pids.has(Number(line.split(/\s+/)[4]))).length;
}

const textOf = (path: string): string => orNothing(() => readFileSync(path, 'latin1'), '');

/** A process may end between any two reads. */
function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch {
    return nothing;
  }
}
