// Descriptors that go from one process to another, and those that shall not.
// SPDX-License-Identifier: Apache-2.0
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
const cFcntl = libc.func('fcntl', 'int', ['int', 'int', 'int']);
const cCloseRange = libc.func('syscall', 'long', ['long', 'uint', 'uint', 'uint']);

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 0o2000001;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT_CLOEXEC = 0x40000040;
const F_DUPFD_CLOEXEC = 1030;
const SYS_CLOSE_RANGE = 436;
const CLOSE_RANGE_CLOEXEC = 4;
/** A header of 16 bytes, one descriptor, and what it is rounded up to. */
const CONTROL_BYTES = 24;

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

/** The descriptor that was sent already; undefined if none was. */
export function receiveDescriptor(socket: number): number | undefined {
  const control = Buffer.alloc(CONTROL_BYTES);
  const message = {
    name: null,
    nameLength: 0,
    data: { base: Buffer.alloc(1), length: 1 },
    dataLength: 1,
    control,
    controlLength: CONTROL_BYTES,
    flags: 0,
  };
  if (Number(cReceive(socket, message, MSG_DONTWAIT_CLOEXEC)) !== 1) return undefined;
  const isOne = control.readUInt32LE(8) === SOL_SOCKET && control.readUInt32LE(12) === SCM_RIGHTS;
  return isOne ? control.readInt32LE(16) : undefined;
}

/** The same under a number that no program's own has. */
export function copyDescriptor(fd: number, least: number): number {
  return check(cFcntl(fd, F_DUPFD_CLOEXEC, least), 'fcntl');
}
