// What no cgroup counts: open files, terminals, queued signals and file locks of a container's processes, and its sockets.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';

/** Null is what this kernel does not tell. */
export interface Census {
  readonly files: number;
  readonly terminals: number;
  readonly signals: number;
  readonly locks: number;
  readonly tcpSockets: number | null;
  readonly otherSockets: number | null;
}

/** How many each process of the host holds. */
export type FileLocks = ReadonlyMap<number, number>;

/** After so many processes others get their turn: a container may have thousands. */
const AT_ONCE = 20;

/**
 * Links, folders and texts of /proc only: no file system of the container's own making is touched. `initPid` has the
 * container's network.
 */
export async function takeCensus(
  initPid: number,
  pids: readonly number[],
  locks: FileLocks,
): Promise<Census> {
  let files = 0;
  const terminals = new Set<string>();
  const signals = new Map<string, number>();
  for (const [at, pid] of pids.entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await turn();
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
    locks: pids.reduce((sum, pid) => sum + (locks.get(pid) ?? 0), 0),
    ...sockets(textOf(`/proc/${initPid}/net/sockstat`), textOf(`/proc/${initPid}/net/sockstat6`)),
  };
}

/** Of both families; those that are not TCP's are told by the sum of all. */
export function sockets(v4: string, v6: string): Pick<Census, 'tcpSockets' | 'otherSockets'> {
  // Lines such as `TCP: inuse 2 orphan 0 tw 0 alloc 1 mem 1`.
  const used = /^sockets: used (\d+)$/m.exec(v4)?.[1];
  const tcp = /^TCP: inuse (\d+) /m.exec(v4)?.[1];
  const tcp6 = /^TCP6: inuse (\d+)$/m.exec(v6)?.[1] ?? '0';
  if (used === undefined || tcp === undefined) return { tcpSockets: null, otherSockets: null };
  const tcpSockets = Number(tcp) + Number(tcp6);
  // The files are read one after the other.
  return { tcpSockets, otherSockets: Math.max(0, Number(used) - tcpSockets) };
}

/** A terminal is known by its master, which several processes may hold. */
function terminalOf(folder: string, fd: string): string | undefined {
  if (!orNothing(() => readlinkSync(`${folder}/fd/${fd}`), '').endsWith('/ptmx')) return undefined;
  const info = textOf(`${folder}/fdinfo/${fd}`);
  const index = /^tty-index:\s*(\d+)$/m.exec(info)?.[1];
  return index === undefined ? undefined : `${/^mnt_id:\s*(\d+)$/m.exec(info)?.[1]} ${index}`;
}

/**
 * How many file locks each process of the host holds. The kernel waits for all processors before it tells, some ten milliseconds,
 * so others get their turn meanwhile.
 */
export async function fileLocks(): Promise<FileLocks> {
  const text = await readFile('/proc/locks', 'latin1');
  const locks = new Map<number, number>();
  // Lines such as `1: POSIX  ADVISORY  WRITE 4711 00:2b:1042 0 EOF`; those that only wait have an arrow.
  for (const line of text.split('\n')) {
    if (line.includes('->')) continue;
    const pid = Number(line.split(/\s+/)[4]);
    locks.set(pid, (locks.get(pid) ?? 0) + 1);
  }
  return locks;
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
