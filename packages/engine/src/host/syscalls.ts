// The few kernel calls that Node has no API for, through koffi; every other module gets them from here.
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, chownSync, closeSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { EngineError } from '../errors.js';
import { refusalOf } from './refusal.js';

// Numbers are the same on every architecture for calls added since Linux 5.2.
const SYS_OPENAT2 = 437;
const SYS_QUOTACTL_FD = 443;

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;

/** How openat2(2) resolves: never out of the directory it starts from, never through /proc's magic links. */
export const Resolve = { noXdev: 1, noMagicLinks: 2, noSymlinks: 4, beneath: 8, inRoot: 0x10 } as const;

const libc = koffi.load(null);
const OpenHow = koffi.struct('ctvirt_open_how', { flags: 'uint64', mode: 'uint64', resolve: 'uint64' });

const cOpenat2 = libc.func('syscall', 'long', ['long', 'int', 'str', koffi.pointer(OpenHow), 'size_t']);
const cQuotactl = libc.func('syscall', 'long', ['long', 'int', 'uint', 'uint', 'void*']);
const cIoctlLong = libc.func('ioctl', 'int', ['int', 'ulong', 'long']);
const cIoctlBuffer = libc.func('ioctl', 'int', ['int', 'ulong', 'void*']);
const cSocket = libc.func('int socket(int, int, int)');
const cConnect = libc.func('int connect(int, void*, uint)');

const cGetsockopt = libc.func('int getsockopt(int, int, int, void*, _Inout_ uint *)');
const cFlock = libc.func('int flock(int, int)');
const cPipe2 = libc.func('int pipe2(_Out_ int *, int)');
const cMemfd = libc.func('int memfd_create(str, uint)');
const cFcntl = libc.func('fcntl', 'int', ['int', 'int', 'long']);
const cMknod = libc.func('int mknod(str, uint, uint64)');
const cLsetxattr = libc.func('int lsetxattr(const uint8_t *, str, const uint8_t *, size_t, int)');
const cLinkat = libc.func('int linkat(int, str, int, str, int)');
const cListxattr = libc.func('long listxattr(str, _Out_ uint8_t *, size_t)');
const cRemovexattr = libc.func('int removexattr(str, str)');
const cRenameat2 = libc.func('int renameat2(int, str, int, str, uint)');

/** Bytes of a page of memory, in which OpenVZ counts. */
export const pageSize: number = libc.func('int getpagesize()')();

/** Returns the engine's error for a failed call. */
export function systemError(call: string, subject: string, errno = koffi.errno()): EngineError {
  const name = getSystemErrorName(-errno);
  const what = `${call} of ${subject} failed`;
  return (
    refusalOf(name, what, { call, subject }) ??
    new EngineError('host-command', `${what}: ${name}`, { call, subject }, { errno: name })
  );
}

/** Converts a result of koffi, which may be a bigint. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw new TypeError(`a system call answered a ${typeof value}`);
}

/** The answer of a call that says -1 where it fails; throws what its errno means. */
export function check(value: unknown, call: string, subject: string): number {
  const result = toNumber(value);
  if (result < 0) throw systemError(call, subject);
  return result;
}

/** Opens `path` as seen with `rootFd` as the root directory: no link, `..` or mount point leads out of it. */
export function openInRoot(
  rootFd: number,
  path: string,
  flags: number,
  mode = 0,
  resolve: number = Resolve.inRoot,
): number {
  const how = {
    flags: BigInt(flags | O_CLOEXEC),
    mode: BigInt(mode),
    resolve: BigInt(resolve | Resolve.noMagicLinks),
  };
  for (let tries = 1; ; tries++) {
    const fd = toNumber(cOpenat2(SYS_OPENAT2, rootFd, path, how, 24));
    if (fd >= 0) return fd;
    // Somebody renamed or mounted something meanwhile, anywhere on the host: whether `..` is still below the root is not known.
    if (tries === OPEN_TRIES || koffi.errno() !== constants.errno.EAGAIN) throw systemError('openat2', path);
  }
}

/** Who renames without end makes one that has `..` in its way fail, and nothing worse. */
const OPEN_TRIES = 1000;

const S_IFCHR = 0o020000;

/** A character device file of this number. */
export function makeNode(
  path: string,
  node: { readonly number: bigint; readonly mode: number; readonly uid: number; readonly gid: number },
): void {
  check(cMknod(path, S_IFCHR | 0o600, node.number), 'mknod', path);
  chownSync(path, node.uid, node.gid);
  // Whatever this process' umask.
  chmodSync(path, node.mode);
}

/** An extended attribute; the path is bytes, for it may be in no encoding. Links are not followed at its end. */
export function setAttribute(path: Buffer, name: string, value: string): void {
  const bytes = Buffer.from(value);
  const terminated = Buffer.concat([path, Buffer.alloc(1)]);
  check(cLsetxattr(terminated, name, bytes, bytes.length, 0), 'lsetxattr', path.toString());
}

const AT_SYMLINK_FOLLOW = 0x400;

/** Gives a file that is open, and may have no name, this one; returns the errno's name where it is refused. */
export function nameFile(fd: number, path: string): string | undefined {
  const itself = `/proc/self/fd/${fd}`;
  if (toNumber(cLinkat(AT_FDCWD, itself, AT_FDCWD, path, AT_SYMLINK_FOLLOW)) === 0) return undefined;
  return getSystemErrorName(-koffi.errno());
}

/** Names of extended attributes, as many as there may be. */
export function attributesOn(path: string): string[] {
  const names = Buffer.alloc(1 << 16);
  const length = check(cListxattr(path, names, names.length), 'listxattr', path);
  return names.subarray(0, length).toString('latin1').split('\0').slice(0, -1);
}

/** Also one that has gone by now, as an access list goes with the other one. */
export function removeAttribute(path: string, name: string): void {
  if (toNumber(cRemovexattr(path, name)) < 0 && getSystemErrorName(-koffi.errno()) !== 'ENODATA')
    throw systemError('removexattr', path);
}

const RENAME_EXCHANGE = 2;

/** Two paths change places at one moment. */
export function exchange(first: string, second: string): void {
  check(cRenameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE), 'renameat2', second);
}

/** ioctl(2) with a number. */
export function ioctlNumber(fd: number, request: number, argument: number, subject: string): number {
  return check(cIoctlLong(fd, request, argument), 'ioctl', subject);
}

/** ioctl(2) with a buffer. */
export function ioctlBuffer(fd: number, request: number, buffer: Uint8Array, subject: string): void {
  check(cIoctlBuffer(fd, request, buffer), 'ioctl', subject);
}

const FIONREAD = 0x541b;

/** How much of what was written to a pipe waits to be read. */
export function waitingBytes(pipe: number): number {
  const count = Buffer.alloc(4);
  ioctlBuffer(pipe, FIONREAD, count, 'a pipe');
  return count.readInt32LE();
}

const F_SETSIG = 10;
const F_SETLEASE = 1024;
const F_WRLCK = 1;
const F_UNLCK = 2;
const SIGURG = 23;

/** Whether a file is open anywhere else, by whomever: then no lease on it can be had. True also where leases are unknown. */
export function isOpenedByOthers(fd: number): boolean {
  // Who opens it in that moment makes the kernel send a signal, and the usual one would end this process.
  cFcntl(fd, F_SETSIG, SIGURG);
  if (toNumber(cFcntl(fd, F_SETLEASE, F_WRLCK)) < 0) return true;
  check(cFcntl(fd, F_SETLEASE, F_UNLCK), 'fcntl', 'a lease');
  return false;
}

/** quotactl_fd(2); returns the errno's name where it is refused. */
export function quotactl(fd: number, command: number, id: number, buffer: Uint8Array): string | undefined {
  if (toNumber(cQuotactl(SYS_QUOTACTL_FD, fd, command >>> 0, id, buffer)) === 0) return undefined;
  return getSystemErrorName(-koffi.errno());
}

/** A pipe whose ends no program inherits unless it is given one. */
export function openPipe(): { read: number; write: number } {
  const ends = [-1, -1];
  check(cPipe2(ends, O_CLOEXEC), 'pipe2', 'a pipe');
  const [read = -1, write = -1] = ends;
  return { read, write };
}

/** A nameless file in memory, which no program inherits unless it is given it. */
export function openMemory(name: string): number {
  return check(cMemfd(name, MFD_CLOEXEC), 'memfd_create', name);
}

const MFD_CLOEXEC = 1;
const AF_UNIX = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_STREAM_CLOEXEC = 1 | O_CLOEXEC | SOCK_NONBLOCK;

/**
 * Connects to an abstract unix socket; undefined if nobody listens, or nobody takes what is in the queue before this one.
 * Node pads such names to the full 108 bytes, which is another address than the one liblxc binds.
 */
export function connectAbstract(name: string): number | undefined {
  const path = Buffer.from(name);
  const address = Buffer.alloc(3 + path.length);
  address.writeUInt16LE(AF_UNIX, 0);
  path.copy(address, 3);
  const fd = check(cSocket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0), 'socket', name);
  if (toNumber(cConnect(fd, address, address.length)) === 0) return fd;
  const error = systemError('connect', name);
  closeSync(fd);
  if (error.errno === 'ECONNREFUSED' || error.errno === 'EAGAIN') return undefined;
  throw error;
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** The user at the other end of a unix socket, as the kernel saw it connect. */
export const peerUid = (fd: number): number => peerOf(fd).uid;

/** The process and the user at the other end of a unix socket, as the kernel saw it connect; 0 is no process that is seen here. */
export function peerOf(fd: number): { readonly pid: number; readonly uid: number } {
  const credentials = Buffer.alloc(12);
  const length = [credentials.length];
  check(cGetsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length), 'getsockopt', `socket ${fd}`);
  return { pid: credentials.readUInt32LE(0), uid: credentials.readUInt32LE(4) };
}

const LOCK_EX_NB = 2 | 4;

/** Locks an open file until it is closed, or its holder ends; false if another has it. */
export function lockFile(fd: number, subject: string): boolean {
  if (toNumber(cFlock(fd, LOCK_EX_NB)) === 0) return true;
  const errno = koffi.errno();
  if (getSystemErrorName(-errno) === 'EAGAIN') return false;
  throw systemError('flock', subject, errno);
}
