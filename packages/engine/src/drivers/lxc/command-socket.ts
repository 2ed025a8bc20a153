// The abstract socket a container's monitor listens on: its address, a connection to it, and who has taken its name.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerGone, EngineError } from '../../errors.js';
import { receive, sendAsOneself } from '../../host/descriptors.js';
import { isErrno, unlessGone } from '../../host/gone.js';
import { connectAbstract, peerUid } from '../../host/syscalls.js';

/** liblxc takes a longer address than this for too long, and its hash instead (commands_utils.c). */
const LONGEST = 105;

/** The address, without the zero it begins with, of the container `name` below liblxc's path. */
export function commandAddress(path: string, name: string): string {
  const address = `${path}/${name}/command`;
  return Buffer.byteLength(address) <= LONGEST ? address : `lxc/${fnv1a(`${path}/${name}`)}/command`;
}

function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}

/** A connection that ends with the monitor. Undefined where nobody listens, or somebody else than root does. */
export function connectToMonitor(address: string): number | undefined {
  const fd = connectAbstract(address);
  if (fd === undefined || peerUid(fd) === 0) return fd;
  closeSync(fd);
  return undefined;
}

/** A number, a length, and eight bytes of data, in a request as in the answer to it (commands.h): the same since liblxc 3. */
const MESSAGE_BYTES = 16;
/** Its monitor does one thing at a time. */
const ANSWER_MS = 5000;

/**
 * Asks for the master of a terminal that is joined to the container's console; undefined where another one has it. It is his who asks
 * for as long as the connection is open. liblxc sets it up when it is asked, with a carriage return put before each line feed.
 */
export async function requestConsole(connection: number): Promise<number | undefined> {
  // Request 0 is for a terminal, and terminal 0 is the console.
  sendAsOneself(connection, Buffer.alloc(MESSAGE_BYTES));
  for (const deadline = performance.now() + ANSWER_MS; performance.now() < deadline; await sleep(1)) {
    const answer = receive(connection, MESSAGE_BYTES);
    if (answer === undefined) continue;
    if (answer.bytes.length === 0) throw containerGone();
    return answer.descriptor;
  }
  throw new EngineError('timeout', `the container's monitor has not answered in ${ANSWER_MS / 1000} s`);
}

/** A process that has a socket, and its user. */
export interface Holder {
  readonly pid: number;
  readonly uid: number;
}

/** The sockets with this address, as links below /proc/PID/fd name them. */
export function socketsAt(address: string): ReadonlySet<string> {
  const sockets = new Set<string>();
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const at = line.indexOf('@');
    if (at < 0 || line.slice(at + 1) !== address) continue;
    const inode = /(\d+) $/.exec(line.slice(0, at))?.[1];
    if (inode !== undefined) sockets.add(`socket:[${inode}]`);
  }
  return sockets;
}

/** Whether a process has one of these sockets open; those that even root may not look at have none. */
export function holds(pid: number, sockets: ReadonlySet<string>): boolean {
  const fds = unlessHidden(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return fds.some((fd) => sockets.has(unlessHidden(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? ''));
}

function unlessHidden<T>(look: () => T): T | undefined {
  try {
    return unlessGone(look);
  } catch (error) {
    if (isErrno(error, 'EACCES') || isErrno(error, 'EPERM')) return undefined;
    throw error;
  }
}

/** Some process that has one of these sockets open. */
export function holderOf(sockets: ReadonlySet<string>): Holder | undefined {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const pid = pids.map(Number).find((each) => holds(each, sockets));
  return pid === undefined ? undefined : { pid, uid: uidOf(pid) };
}

function uidOf(pid: number): number {
  try {
    return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return Number.NaN; // gone
  }
}
