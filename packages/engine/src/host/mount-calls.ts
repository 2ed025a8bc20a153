// The kernel calls that make, change and move mounts, by descriptor wherever the kernel has it so; others are in syscalls.ts.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, readSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { check, systemError, toNumber } from './syscalls.js';

// Numbers are the same on every architecture for calls added since Linux 5.2.
const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const SYS_FSOPEN = 430;
const SYS_FSCONFIG = 431;
const SYS_FSMOUNT = 432;
const SYS_MOUNT_SETATTR = 442;

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_IDMAP = 0x00100000;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
/** Of fsopen(2) and fsmount(2) alike. */
const CLOEXEC = 1;

/** Flags of mount(2) that we use. */
export const MountFlag = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  noAtime: 1 << 10,
  noDirAtime: 1 << 11,
  recursive: 1 << 14,
  slave: 1 << 19,
  strictAtime: 1 << 24,
} as const;
/** Attributes of one mount; the same numbers for fsmount(2) and mount_setattr(2). */
export const MountAttr = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  noAtime: 0x10,
  strictAtime: 0x20,
  noDirAtime: 0x80,
} as const;
/** When times of access are written: one number among the attributes, 0 for relatime. */
export const ACCESS_TIMES = 0x70;

const libc = koffi.load(null);
const MountAttrStruct = koffi.struct('ctvirt_mount_attr', {
  attr_set: 'uint64',
  attr_clr: 'uint64',
  propagation: 'uint64',
  userns_fd: 'uint64',
});
const cOpenTree = libc.func('syscall', 'long', ['long', 'int', 'str', 'uint']);
const cMoveMount = libc.func('syscall', 'long', ['long', 'int', 'str', 'int', 'str', 'uint']);
const cSetattr = libc.func('syscall', 'long', [
  'long',
  'int',
  'str',
  'uint',
  koffi.pointer(MountAttrStruct),
  'size_t',
]);
const cFsopen = libc.func('syscall', 'long', ['long', 'str', 'uint']);
const cFsconfig = libc.func('syscall', 'long', ['long', 'int', 'uint', 'str', 'str', 'int']);
const cFsmount = libc.func('syscall', 'long', ['long', 'int', 'uint', 'uint']);
const cMount = libc.func('int mount(str, str, str, ulong, str)');
const cUmount = libc.func('int umount2(str, int)');

/** A mount that is attached nowhere: nobody reaches it but by its descriptor. It goes when that is closed. */
export interface DetachedMount extends Disposable {
  readonly fd: number;
}

const detached = (fd: number): DetachedMount => ({ fd, [Symbol.dispose]: () => closeSync(fd) });

/** A copy of the mount that the open file or folder lies on, from there on down, without what is mounted below. */
export function cloneMount(of: number, subject: string): DetachedMount {
  const flags = OPEN_TREE_CLONE | AT_EMPTY_PATH | O_CLOEXEC;
  return detached(check(cOpenTree(SYS_OPEN_TREE, of, '', flags), 'open_tree', subject));
}

/** A copy of what lies at a path, as the calling thread finds it, with all that is mounted below. */
export function cloneMounts(path: string): DetachedMount {
  const flags = OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC;
  return detached(check(cOpenTree(SYS_OPEN_TREE, AT_FDCWD, path, flags), 'open_tree', path));
}

/** Sets attributes, and with `usernsFd` an id mapping, on a detached mount. */
export function setMountAttributes(mount: DetachedMount, attributes: number, usernsFd?: number): void {
  const attr = {
    attr_set: BigInt(attributes | (usernsFd === undefined ? 0 : MOUNT_ATTR_IDMAP)),
    // The kernel refuses another number where it is not told to forget the present one.
    attr_clr: BigInt((attributes & ACCESS_TIMES) === 0 ? 0 : ACCESS_TIMES),
    propagation: 0n,
    userns_fd: BigInt(usernsFd ?? 0),
  };
  const done: unknown = cSetattr(SYS_MOUNT_SETATTR, mount.fd, '', AT_EMPTY_PATH, attr, 32);
  check(done, 'mount_setattr', `mount ${mount.fd}`);
}

/** Attaches a detached mount at `target`, as the calling thread finds it. */
export function attachMount(mount: DetachedMount, target: string): void {
  const done: unknown = cMoveMount(SYS_MOVE_MOUNT, mount.fd, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
  check(done, 'move_mount', target);
}

/** A file system to mount. */
export interface NewMount {
  readonly type: string;
  readonly source: string;
  /** What its file system alone knows, as mount(8) takes it. */
  readonly data: string;
  readonly attributes: number;
}

/** Mounts a file system of its own, on a thread of its own: it may have a journal to replay. */
export async function newMount(wanted: NewMount): Promise<DetachedMount> {
  const context = configure(wanted);
  try {
    const isMade = await new Promise<boolean>((resolve, reject) => {
      const made = (error: unknown, result: unknown): void => {
        if (error) reject(error);
        else resolve(toNumber(result) === 0);
      };
      cFsconfig.async(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0, made);
    });
    if (isMade) return mountOf(context, wanted);
  } finally {
    closeSync(context);
  }
  // errno belongs to the other thread; asking again here yields the same answer with its reason.
  return newMountNow(wanted);
}

/** The same in place, for file systems that need no device. */
export function newMountNow(wanted: NewMount): DetachedMount {
  const context = configure(wanted);
  try {
    const result: unknown = cFsconfig(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0);
    if (toNumber(result) < 0) throw notMounted(wanted, context);
    return mountOf(context, wanted);
  } finally {
    closeSync(context);
  }
}

function configure(wanted: NewMount): number {
  const { type, source, data, attributes } = wanted;
  const context = check(cFsopen(SYS_FSOPEN, type, CLOEXEC), 'fsopen', type);
  try {
    const options = data.split(',').filter((option) => option !== '');
    if ((attributes & MountAttr.readOnly) !== 0) options.push('ro');
    for (const option of [`source=${source}`, ...options]) {
      const [key = '', ...value] = option.split('=');
      const [command, text] =
        value.length === 0 ? [FSCONFIG_SET_FLAG, null] : [FSCONFIG_SET_STRING, value.join('=')];
      const result: unknown = cFsconfig(SYS_FSCONFIG, context, command, key, text, 0);
      if (toNumber(result) < 0) throw notMounted(wanted, context);
    }
    return context;
  } catch (error) {
    closeSync(context);
    throw error;
  }
}

const mountOf = (context: number, { source, attributes }: NewMount): DetachedMount =>
  detached(check(cFsmount(SYS_FSMOUNT, context, CLOEXEC, attributes), 'fsmount', source));

/** With what the kernel has to say of it beside the errno. */
function notMounted({ type, source }: NewMount, context: number): Error {
  const errno = koffi.errno();
  const said = Buffer.alloc(1024);
  let words = '';
  try {
    words = ` (${said.toString('utf8', 2, readSync(context, said)).trim()})`;
  } catch {
    // ENODATA: nothing
  }
  return systemError('mount', `${type} ${source}${words}`, errno);
}

/** mount(2) in place, for what has to name other mounts (overlay) or changes one. */
export function mountNow(
  source: string,
  target: string,
  type: string | null,
  flags: number,
  data: string,
): void {
  check(cMount(source, target, type, flags, data), 'mount', `${type} ${source} at ${target}`);
}

/** Takes a mount away that nobody uses; throws with `EBUSY` where somebody does. */
export function unmount(target: string): void {
  check(cUmount(target, UMOUNT_NOFOLLOW), 'umount', target);
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
