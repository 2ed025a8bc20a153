// The few kernel calls that Node has no API for, through koffi; every other module gets them from here.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { EngineError } from '../errors.js';
import { refusalOf } from './refusal.js';

// Numbers are the same on every architecture for calls added since Linux 5.2.
const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const SYS_OPENAT2 = 437;
const SYS_MOUNT_SETATTR = 442;
const SYS_QUOTACTL_FD = 443;

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_IDMAP = 0x00100000;

/** Flags of mount(2) that we use. */
export const MountFlag = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8, private: 1 << 18 } as const;
/** Mount attributes of mount_setattr(2) that we use. */
export const MountAttr = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8, noAtime: 0x10 } as const;
/** How openat2(2) resolves: never out of the directory it starts from, never through /proc's magic links. */
export const Resolve = { noMagicLinks: 2, noSymlinks: 4, beneath: 8, inRoot: 0x10 } as const;

const libc = koffi.load(null);
const MountAttrStruct = koffi.struct('ctvirt_mount_attr', {
  attr_set: 'uint64',
  attr_clr: 'uint64',
  propagation: 'uint64',
  userns_fd: 'uint64',
});
const OpenHow = koffi.struct('ctvirt_open_how', { flags: 'uint64', mode: 'uint64', resolve: 'uint64' });

const cOpenTree = libc.func('long syscall(long, int, str, uint)');
const cMoveMount = libc.func('syscall', 'long', ['long', 'int', 'str', 'int', 'str', 'uint']);
const cSetattr = libc.func('syscall', 'long', [
  'long',
  'int',
  'str',
  'uint',
  koffi.pointer(MountAttrStruct),
  'size_t',
]);
const cOpenat2 = libc.func('syscall', 'long', ['long', 'int', 'str', koffi.pointer(OpenHow), 'size_t']);
const cQuotactl = libc.func('syscall', 'long', ['long', 'int', 'uint', 'uint', 'void*']);
const cMount = libc.func('int mount(str, str, str, ulong, str)');
const cUmount = libc.func('int umount2(str, int)');
const cIoctlLong = libc.func('ioctl', 'int', ['int', 'ulong', 'long']);
const cIoctlBuffer = libc.func('ioctl', 'int', ['int', 'ulong', 'void*']);
const cSocket = libc.func('int socket(int, int, int)');
const cConnect = libc.func('int connect(int, void*, uint)');

const cGetsockopt = libc.func('int getsockopt(int, int, int, void*, _Inout_ uint *)');
const cFlock = libc.func('int flock(int, int)');
const cPipe2 = libc.func('int pipe2(_Out_ int *, int)');
const cMemfd = libc.func('int memfd_create(str, uint)');
const cRenameat2 = libc.func('int renameat2(int, str, int, str, uint)');

/** Bytes of a page of memory, in which OpenVZ counts. */
export const pageSize: number = libc.func('int getpagesize()')();

function systemError(call: string, subject: string, errno = koffi.errno()): EngineError {
  const name = getSystemErrorName(-errno);
  const what = `${call} of ${subject} failed`;
  return (
    refusalOf(name, what, { call, subject }) ??
    new EngineError('host-command', `${what}: ${name}`, { call, subject, errno: name })
  );
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw new TypeError(`a system call answered a ${typeof value}`);
}

function check(value: unknown, call: string, subject: string): number {
  const result = toNumber(value);
  if (result < 0) throw systemError(call, subject);
  return result;
}

/** Clones the mount (tree) at `path` into a detached one; the result is its descriptor. */
export function openTree(path: string, recursive = false): number {
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
  return check(cOpenTree(SYS_OPEN_TREE, AT_FDCWD, path, flags), 'open_tree', path);
}

/** Sets attributes, and with `usernsFd` an id mapping, on a detached mount. */
export function setMountAttributes(treeFd: number, attributes: number, usernsFd?: number): void {
  const attr = {
    attr_set: BigInt(attributes | (usernsFd === undefined ? 0 : MOUNT_ATTR_IDMAP)),
    attr_clr: 0n,
    propagation: 0n,
    userns_fd: BigInt(usernsFd ?? 0),
  };
  check(cSetattr(SYS_MOUNT_SETATTR, treeFd, '', AT_EMPTY_PATH, attr, 32), 'mount_setattr', `mount ${treeFd}`);
}

/** Attaches a detached mount at `target`. */
export function attachMount(treeFd: number, target: string): void {
  check(
    cMoveMount(SYS_MOVE_MOUNT, treeFd, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH),
    'move_mount',
    target,
  );
}

/** mount(2) on a thread of its own: a file system may have a journal to replay. */
export async function mount(
  source: string,
  target: string,
  type: string,
  flags: number,
  data: string,
): Promise<void> {
  const failed = await new Promise<boolean>((resolve, reject) => {
    cMount.async(source, target, type, flags, data, (error: unknown, result: unknown) => {
      if (error) reject(error);
      else resolve(toNumber(result) < 0);
    });
  });
  // errno belongs to the other thread; asking again here yields the same answer with its reason.
  if (failed) mountNow(source, target, type, flags, data);
}

/** mount(2) in place, for file systems that need no device (overlay, tmpfs). */
export function mountNow(source: string, target: string, type: string, flags: number, data: string): void {
  check(cMount(source, target, type, flags, data), 'mount', `${type} ${source} at ${target}`);
}

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** Detaches a mount from the tree; what still uses it keeps it alive. False if nothing was mounted there. */
export function detachMount(target: string): boolean {
  if (toNumber(cUmount(target, MNT_DETACH | UMOUNT_NOFOLLOW)) === 0) return true;
  const errno = koffi.errno();
  const name = getSystemErrorName(-errno);
  if (name === 'EINVAL' || name === 'ENOENT') return false;
  throw systemError('umount', target, errno);
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
  return check(cOpenat2(SYS_OPENAT2, rootFd, path, how, 24), 'openat2', path);
}

const RENAME_EXCHANGE = 2;

/** Two paths change places at one moment. */
export function exchange(first: string, second: string): void {
  check(cRenameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE), 'renameat2', second);
}

export function ioctlNumber(fd: number, request: number, argument: number, subject: string): number {
  return check(cIoctlLong(fd, request, argument), 'ioctl', subject);
}

export function ioctlBuffer(fd: number, request: number, buffer: Uint8Array, subject: string): void {
  check(cIoctlBuffer(fd, request, buffer), 'ioctl', subject);
}

/** quotactl_fd(2); answers the errno's name where it is refused. */
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
  if (error.details['errno'] === 'ECONNREFUSED' || error.details['errno'] === 'EAGAIN') return undefined;
  throw error;
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** The user at the other end of a unix socket, as the kernel saw it connect. */
export function peerUid(fd: number): number {
  const credentials = Buffer.alloc(12);
  const length = [credentials.length];
  check(cGetsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length), 'getsockopt', `socket ${fd}`);
  return credentials.readUInt32LE(4);
}

const LOCK_EX_NB = 2 | 4;

/** Locks an open file until it is closed, or its holder ends; false if another has it. */
export function lockFile(fd: number, subject: string): boolean {
  if (toNumber(cFlock(fd, LOCK_EX_NB)) === 0) return true;
  const errno = koffi.errno();
  if (getSystemErrorName(-errno) === 'EAGAIN') return false;
  throw systemError('flock', subject, errno);
}
