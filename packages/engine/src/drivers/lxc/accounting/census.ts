// What no cgroup counts: open files, terminals, queued signals and file locks of a container's processes, and its sockets.
// SPDX-License-Identifier: Apache-2.0
import { opendirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { textOnce } from '../../../host/gauges.js';
import { isSliceOver, nextSlice } from '../../../slices.js';

/** Null is what this kernel does not tell. */
export interface Census {
  readonly files: number;
  readonly terminals: number;
  readonly signals: number;
  readonly locks: number;
  readonly tcpSockets: number | null;
  readonly otherSockets: number | null;
  /** Processes of whose open files not all were looked at. */
  readonly uncounted: number;
}

/** How many each process of the host holds. */
export type FileLocks = ReadonlyMap<number, number>;

/** Open files of a container that are looked at: it may have as many processes as it likes, each with a million. */
export const MOST_FILES = 50_000;

/** So many names of open files are read at once, in about a quarter of a millisecond. */
const NAMES_AT_ONCE = 256;

/**
 * Links, folders and texts of /proc only: no file system of the container's own making is touched. `initPid` has the
 * container's network.
 */
export async function takeCensus(
  initPid: number,
  pids: readonly number[],
  locks: FileLocks,
  mostFiles = MOST_FILES,
): Promise<Census> {
  let files = 0;
  let looked = 0;
  let uncounted = 0;
  const terminals = new Set<string>();
  const signals = new Map<string, number>();
  for (const pid of pids) {
    if (isSliceOver()) await nextSlice();
    const folder = `/proc/${pid}`;
    const found = await filesOf(folder, { most: mostFiles - looked, terminals });
    looked += found.looked;
    files += found.files;
    if (!found.isWhole) uncounted++;
    const status = textOnce(`${folder}/status`);
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
    ...sockets(textOnce(`/proc/${initPid}/net/sockstat`), textOnce(`/proc/${initPid}/net/sockstat6`)),
    uncounted,
  };
}

interface Looking {
  /** How many may be looked at. */
  readonly most: number;
  /** Where terminals go. */
  readonly terminals: Set<string>;
}

/** Open files of one process; none of one that has ended. */
async function filesOf(
  folder: string,
  { most, terminals }: Looking,
): Promise<{ files: number; looked: number; isWhole: boolean }> {
  // From Linux 6.2 on the folder's size is their number; before, it is zero.
  const told = orNothing(() => statSync(`${folder}/fd`).size, 0);
  let looked = 0;
  for (const fd of namesIn(`${folder}/fd`, told > 0 && told <= NAMES_AT_ONCE)) {
    if (looked === most) return { files: Math.max(told, looked), looked, isWhole: false };
    looked++;
    const terminal = terminalOf(folder, fd);
    if (terminal !== undefined) terminals.add(terminal);
    if (isSliceOver()) await nextSlice();
  }
  return { files: looked, looked, isWhole: true };
}

/** Few are read at once, which costs least; of many a part after the other. */
function* namesIn(folder: string, areFew: boolean): Iterable<string> {
  if (areFew) return yield* orNothing(() => readdirSync(folder), []);
  const open = orNothing(() => opendirSync(folder, { bufferSize: NAMES_AT_ONCE }), undefined);
  if (open === undefined) return;
  try {
    for (;;) {
      const entry = orNothing(() => open.readSync(), null);
      if (entry === null) return;
      yield entry.name;
    }
  } finally {
    open.closeSync();
  }
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
  const info = textOnce(`${folder}/fdinfo/${fd}`);
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
  for (const [line] of text.matchAll(/.+/g)) {
    if (isSliceOver()) await nextSlice();
    if (line.includes('->')) continue;
    const pid = Number(line.split(/\s+/)[4]);
    locks.set(pid, (locks.get(pid) ?? 0) + 1);
  }
  return locks;
}

/** A process may end between any two reads. */
function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch {
    return nothing;
  }
}
