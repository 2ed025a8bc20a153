// Descriptors that go from one process to another, and those that shall not.
// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { EngineError } from '../errors.js';

const libc = koffi.load(null);
const Iovec = koffi.struct('ctvirt_iovec', { base: 'void *', length: 'size_t' });
const Message = koffi.struct('ctvirt_msghdr', {
  name: 'void *',
  nameLength: 'uint32',
  data: koffi.pointer(Iovec),
  dataLength: 'size_t',
  control: 'void *',
  controlLength: 'size_t',
  flags: 'int',
});
const cSocketPair = libc.func('int socketpair(int, int, int, _Out_ int *)');
const cReceive = libc.func('recvmsg', 'long', ['int', koffi.pointer(Message), 'int']);
const cSend = libc.func('sendmsg', 'long', ['int', koffi.pointer(Message), 'int']);
const cFcntl = libc.func('fcntl', 'int', ['int', 'int', 'int']);
const cCloseRange = libc.func('syscall', 'long', ['long', 'uint', 'uint', 'uint']);

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 0o2000001;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
const MSG_NOSIGNAL_DONTWAIT = 0x4040;
const MSG_DONTWAIT_CLOEXEC = 0x40000040;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const SYS_CLOSE_RANGE = 436;
const CLOSE_RANGE_CLOEXEC = 4;
/** A header of 16 bytes, one descriptor, and what it is rounded up to. */
const CONTROL_BYTES = 24;
/** A header, pid, user and group. */
const CREDENTIALS_BYTES = 32;

function check(result: unknown, call: string): number {
  if (typeof result === 'number' && result >= 0) return result;
  const errno = getSystemErrorName(-koffi.errno());
  throw new EngineError('host-command', `${call} failed: ${errno}`, { call }, { errno });
}

/** What this process was started with goes to no program that it starts. */
export function closeInherited(): void {
  check(Number(cCloseRange(SYS_CLOSE_RANGE, 3, 0xffff_ffff, CLOSE_RANGE_CLOEXEC)), 'close_range');
}

/** Both ends of a connection between this process and one it starts. */
export function openSocketPair(): [ours: number, theirs: number] {
  const ends = [-1, -1];
  check(cSocketPair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, ends), 'socketpair');
  const [ours = -1, theirs = -1] = ends;
  return [ours, theirs];
}

/** What came at once over a connection. */
export interface Received {
  /** None where the other end has closed. */
  readonly bytes: Buffer;
  readonly descriptor: number | undefined;
}

/** What was sent already, at most `length` bytes of it; undefined if nothing was. */
export function receive(socket: number, length: number): Received | undefined {
  const control = Buffer.alloc(CONTROL_BYTES);
  const data = Buffer.alloc(length);
  const count = Number(cReceive(socket, messageOf(data, control), MSG_DONTWAIT_CLOEXEC));
  if (count < 0) {
    const errno = getSystemErrorName(-koffi.errno());
    if (errno === 'EAGAIN') return undefined;
    if (errno !== 'ECONNRESET') check(count, 'recvmsg');
  }
  const isOne = control.readUInt32LE(8) === SOL_SOCKET && control.readUInt32LE(12) === SCM_RIGHTS;
  const bytes = data.subarray(0, Math.max(count, 0));
  return { bytes, descriptor: isOne ? control.readInt32LE(16) : undefined };
}

/** Sends it with who this process is, which the kernel vouches for. */
export function sendAsOneself(socket: number, bytes: Buffer): void {
  const control = Buffer.alloc(CREDENTIALS_BYTES);
  control.writeBigUInt64LE(28n, 0);
  control.writeUInt32LE(SOL_SOCKET, 8);
  control.writeUInt32LE(SCM_CREDENTIALS, 12);
  control.writeUInt32LE(process.pid, 16);
  control.writeUInt32LE(process.geteuid?.() ?? 0, 20);
  control.writeUInt32LE(process.getegid?.() ?? 0, 24);
  check(Number(cSend(socket, messageOf(bytes, control), MSG_NOSIGNAL_DONTWAIT)), 'sendmsg');
}

const messageOf = (data: Buffer, control: Buffer) => ({
  name: null,
  nameLength: 0,
  data: { base: data, length: data.length },
  dataLength: 1,
  control,
  controlLength: control.length,
  flags: 0,
});

/** Reads and writes of what is behind a descriptor, by whoever has it, answer at once. */
export function dontBlock(fd: number): void {
  const flags = check(cFcntl(fd, F_GETFL, 0), 'fcntl');
  check(cFcntl(fd, F_SETFL, flags | constants.O_NONBLOCK), 'fcntl');
}

/** The same under a number that no program's own has. */
export function copyDescriptor(fd: number, least: number): number {
  return check(cFcntl(fd, F_DUPFD_CLOEXEC, least), 'fcntl');
}
