// Subvolumes of btrfs: trees that are copied and removed in constant time, and limited where the host's administrator counts them.
// SPDX-License-Identifier: Apache-2.0
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './run.js';
import { ioctlBuffer, openInRoot, Resolve } from './syscalls.js';

const BTRFS_MAGIC = 0x9123683e;
/** Of the root of each tree of btrfs. */
const ROOT_INODE = 256;
/** Of the empty folder that a copy has in the place of a subvolume. */
const HOLE_INODE = 2;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;

export const isOnBtrfs = (path: string): boolean => statfsSync(path).type === BTRFS_MAGIC;

export const isSubvolume = (path: string): boolean => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.ino === ROOT_INODE && isOnBtrfs(path);
};

export async function createSubvolume(path: string): Promise<void> {
  await run(['btrfs', 'subvolume', 'create', path]);
  await chmod(path, 0o700);
}

/** What it holds at this moment, whoever writes to it; each subvolume in it, which only the host's root makes, a moment later. */
export async function copySubvolume(from: string, to: string): Promise<void> {
  await run(['btrfs', 'subvolume', 'snapshot', from, to]);
  if ((await run(['btrfs', 'subvolume', 'list', '-o', from])).stdout === '') return;
  // The new one is nobody's yet; in the other names may change under whoever follows them.
  const source = openSync(from, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    for (const name of await holesIn(to)) {
      const nested = openInRoot(source, name, FOLDER, 0, Resolve.beneath | Resolve.noSymlinks);
      try {
        rmdirSync(join(to, name));
        await copySubvolume(`/proc/${process.pid}/fd/${nested}/.`, join(to, name));
      } finally {
        closeSync(nested);
      }
    }
  } finally {
    closeSync(source);
  }
}

/** Where a copy has an empty folder in the place of a subvolume, by paths within it. */
export async function holesIn(copy: string): Promise<string[]> {
  const { stdout } = await run(['find', copy, '-type', 'd', '-inum', String(HOLE_INODE), '-printf', '%P\\0']);
  return stdout.split('\0').slice(0, -1);
}

/** What it holds at this moment, to stay as it is, without the subvolumes in it. */
export async function keepSubvolume(from: string, to: string): Promise<void> {
  await run(['btrfs', 'subvolume', 'snapshot', '-r', from, to]);
}

/** With all in it, in constant time; space comes back later. */
export async function removeSubvolume(path: string): Promise<void> {
  const counted = countsSubvolumes(path) ? `0/${subvolumeId(path)}` : undefined;
  const remove = async (): Promise<void> => void (await run(['btrfs', 'subvolume', 'delete', path]));
  await remove().catch(async () => {
    await removeSubvolumesIn(path);
    await remove();
  });
  // Older kernels count one that is gone for ever; newer ones forget it themselves, and say that it is in use until then.
  if (counted !== undefined)
    await run(['btrfs', 'qgroup', 'destroy', counted, dirname(path)], { allow: [1] });
}

/** Those in a folder, however deep; what is mounted in there is left alone. */
export async function removeSubvolumesIn(folder: string): Promise<void> {
  const { dev } = statSync(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (isSubvolume(path)) await removeSubvolume(path);
    else if (statSync(path).dev === dev) await removeSubvolumesIn(path);
  }
}

/** Whether the file system there counts what each subvolume holds, which only its administrator switches on. */
export const countsSubvolumes = (path: string): boolean => countsAt(path) !== undefined;

/** Undefined is none. */
export async function limitSubvolume(path: string, bytes: number | undefined): Promise<void> {
  const size = bytes === undefined ? 'none' : String(bytes);
  // Named from outside: one that is full refuses even that.
  await run(['btrfs', 'qgroup', 'limit', size, `0/${subvolumeId(path)}`, dirname(path)]);
}

/** Bytes that it holds, those it shares with its copies included, as of the last half minute; undefined where nobody counts. */
export function heldBySubvolume(path: string): number | undefined {
  const counts = countsAt(path);
  if (counts === undefined) return undefined;
  return Number(readFileSync(join(counts, `0_${subvolumeId(path)}`, 'referenced'), 'utf8'));
}

// Both fill a buffer: struct btrfs_ioctl_fs_info_args, whose name is behind two numbers, and btrfs_ioctl_ino_lookup_args.
const BTRFS_IOC_FS_INFO = 0x8400941f;
const BTRFS_IOC_INO_LOOKUP = 0xd0009412;

/** Where the kernel tells the counts of the file system there; undefined where it has none. */
function countsAt(path: string): string | undefined {
  const bytes = asked(path, BTRFS_IOC_FS_INFO, Buffer.alloc(1024)).subarray(16, 32);
  const uuid = bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const folder = join('/sys/fs/btrfs', uuid, 'qgroups');
  return existsSync(folder) ? folder : undefined;
}

function subvolumeId(path: string): bigint {
  const lookup = Buffer.alloc(4096);
  lookup.writeBigUInt64LE(BigInt(ROOT_INODE), 8);
  return asked(path, BTRFS_IOC_INO_LOOKUP, lookup).readBigUInt64LE(0);
}

function asked(path: string, request: number, buffer: Buffer): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    ioctlBuffer(fd, request, buffer, path);
  } finally {
    closeSync(fd);
  }
  return buffer;
}
