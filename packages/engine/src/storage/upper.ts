// The writable layer of a container: a plain folder, or an image of its own when its size or its inodes are limited.
// SPDX-License-Identifier: Apache-2.0
import { chmod, chown, mkdir, open, rm, stat, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { type Disk, diskBelow, loopsOver } from '../host/disks.js';
import { attachLoop } from '../host/loop.js';
import { run } from '../host/run.js';
import { MountFlag, mount } from '../host/syscalls.js';
import type { Undo } from '../host/undo.js';
import {
  type DiskLimit,
  type FilesystemSpec,
  hostId,
  type KeptContext,
  type StorageContext,
} from './backend.js';
import { mountPoint } from './mounting.js';

const MEBIBYTE = 1 << 20;
const SMALLEST_IMAGE = 4 * MEBIBYTE;
/** Below this ext4 has no room for a journal worth its blocks. */
const SMALLEST_WITH_JOURNAL = 64 * MEBIBYTE;
/** What ext4 and overlay use for themselves: reserved inodes, lost+found, the layer's folders. */
const OWN_INODES = 16;
const INODE_BYTES = 256;
/** mkfs.ext4 makes smaller file systems of blocks of 1 KiB, in groups of at most 8 MiB. */
const SMALLEST_WITH_LARGE_BLOCKS = 512 * MEBIBYTE;
const SMALL_GROUP = 8 * MEBIBYTE;

const imagePath = (spec: FilesystemSpec, context: KeptContext): string =>
  join(context.keep, `${spec.key}.img`);
const folderPath = (spec: FilesystemSpec, context: KeptContext): string =>
  join(context.keep, `${spec.key}.layer`);

/** Makes the layer; the root of the container's tree takes owner and mode from `model`, the template's root. */
export async function createUpper(
  spec: FilesystemSpec,
  context: StorageContext,
  model: string,
): Promise<void> {
  const staging = join(context.keep, `.layer-${spec.key}`);
  const clear = async (...more: string[]): Promise<void> => {
    for (const path of [staging, ...more]) await rm(path, { recursive: true, force: true });
  };
  // Nothing the lease knows of lies here: at most what an interrupted redefinition left.
  const made = [folderPath(spec, context), imagePath(spec, context)];
  await clear(...made);
  try {
    if (spec.limit === undefined) await makeLayerFolders(folderPath(spec, context), context, model);
    else {
      await makeLayerFolders(staging, context, model);
      await makeImage(imagePath(spec, context), spec.limit, staging);
    }
  } catch (error) {
    await clear(...made);
    throw error;
  }
  await clear();
}

/** Paths of the layer's `upper` and `work` folders, mounted if it is an image. */
export async function openUpper(
  spec: FilesystemSpec,
  context: StorageContext,
  undo: Undo,
): Promise<{ upper: string; work: string }> {
  if (spec.limit === undefined) {
    const folder = folderPath(spec, context);
    return { upper: join(folder, 'upper'), work: join(folder, 'work') };
  }
  const image = imagePath(spec, context);
  await growImage(image, spec.limit);
  const target = mountPoint(spec, context, 'disk', undo);
  using device = attachLoop(image);
  // discard gives the host back what the container deletes.
  await mount(device.path, target, 'ext4', MountFlag.noSuid | MountFlag.noDev, 'discard');
  return { upper: join(target, 'upper'), work: join(target, 'work') };
}

/** Of an image the loop device, through which all of it goes; the disk below sees the cache of the image's file. */
export function upperDisks(spec: FilesystemSpec, context: KeptContext): Disk[] {
  return spec.limit === undefined
    ? diskBelow(folderPath(spec, context))
    : loopsOver(imagePath(spec, context));
}

async function makeLayerFolders(folder: string, context: StorageContext, model: string): Promise<void> {
  const root = await stat(model);
  const upper = join(folder, 'upper');
  // One by one: Node's recursive mkdir tells a full disk as a missing folder.
  for (const path of [folder, upper, join(folder, 'work')]) await mkdir(path, { mode: 0o700 });
  await chown(upper, hostId(context.map.uid, root.uid), hostId(context.map.gid, root.gid));
  await chmod(upper, root.mode & 0o7777);
}

async function makeImage(image: string, limit: DiskLimit, content: string): Promise<void> {
  const bytes = imageBytes(limit.bytes ?? (await wholeFilesystem(content)), limit.inodes);
  if ((limit.bytes ?? bytes) < SMALLEST_IMAGE)
    throw new EngineError(
      'invalid',
      `a disk limit of ${limit.bytes} bytes is too small: ext4 needs ${SMALLEST_IMAGE} bytes at least`,
    );
  const file = await open(image, 'wx', 0o600);
  try {
    await file.truncate(bytes);
  } finally {
    await file.close();
  }
  const journal =
    bytes < SMALLEST_WITH_JOURNAL ? ['-O', '^has_journal'] : ['-J', `size=${bytes < 1 << 30 ? 4 : 16}`];
  const inodes = limit.inodes === undefined ? [] : ['-N', String(inodesAskedFor(limit.inodes, bytes))];
  const extended = 'lazy_itable_init=1,lazy_journal_init=1,nodiscard';
  await run([
    '/usr/sbin/mkfs.ext4',
    '-q',
    '-F',
    '-m',
    '0',
    ...inodes,
    ...journal,
    '-E',
    extended,
    '-d',
    content,
    image,
  ]);
}

/** A limit counts files: ext4's own tables are beyond it, and that of the inodes may well be larger than it. */
function imageBytes(bytes: number, inodes = 0): number {
  return bytes + (1 + Math.ceil((inodes * INODE_BYTES) / MEBIBYTE)) * MEBIBYTE;
}

/** Blocks of 1 KiB hold four inodes, and mkfs.ext4 rounds those of a group down to a multiple of eight. */
function inodesAskedFor(inodes: number, bytes: number): number {
  const rounding = bytes < SMALLEST_WITH_LARGE_BLOCKS ? 8 * Math.ceil(bytes / SMALL_GROUP) : 0;
  return inodes + OWN_INODES + rounding;
}

async function wholeFilesystem(path: string): Promise<number> {
  const { blocks, bsize } = await statfs(path);
  return blocks * bsize;
}

/** A limit raised while the container was off: the image follows before it is mounted. */
async function growImage(image: string, limit: DiskLimit): Promise<void> {
  if (limit.bytes === undefined) return;
  const bytes = imageBytes(limit.bytes, limit.inodes);
  const { size } = await stat(image);
  if (size >= bytes) return;
  await truncate(image, bytes);
  await run(['/usr/sbin/e2fsck', '-f', '-p', image], { allow: [1] });
  await run(['/usr/sbin/resize2fs', image]);
}
