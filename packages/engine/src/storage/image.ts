// An ext4 image that holds a container's layer: made for a limit, and fitted to another one at rest or while it is mounted.
// SPDX-License-Identifier: Apache-2.0
import { statfsSync } from 'node:fs';
import { open, stat, statfs, truncate } from 'node:fs/promises';
import { EngineError } from '../errors.js';
import { growLoop } from '../host/loop.js';
import { hasCapability } from '../host/own-limits.js';
import type { PrivateMounts } from '../host/private-mounts.js';
import { run } from '../host/run.js';
import type { DiskLimit, Usage } from './backend.js';
import { checkImage } from './repair.js';
import { SPARE_INODES } from './spare.js';
import { superblockOf } from './superblock.js';

const MEBIBYTE = 1 << 20;
const SMALLEST_IMAGE = 4 * MEBIBYTE;
/** Below this ext4 has no room for a journal worth its blocks. */
const SMALLEST_WITH_JOURNAL = 64 * MEBIBYTE;
/** What ext4 and overlay use for themselves: reserved inodes, lost+found, the layer's folders, and what is kept back. */
const OWN_INODES = 16 + SPARE_INODES;
const INODE_BYTES = 256;
/** mkfs.ext4 makes smaller file systems of blocks of 1 KiB, in groups of at most 8 MiB. */
const SMALLEST_WITH_LARGE_BLOCKS = 512 * MEBIBYTE;
const SMALL_GROUP = 8 * MEBIBYTE;

/** Makes one with `content` in it. */
export async function makeImage(image: string, limit: DiskLimit, content: string): Promise<void> {
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
  return atMost(bytes + (1 + Math.ceil((inodes * INODE_BYTES) / MEBIBYTE)) * MEBIBYTE);
}

/** The same of an image that grows: each group of blocks that is added brings a table of inodes as large as the others'. */
function grownBytes(image: string, limit: number): number {
  const own = limit + MEBIBYTE;
  let bytes = own;
  // A group is larger than its table, so that each round adds less than the one before.
  for (let next = own + tablesIn(image, bytes); next > bytes; next = own + tablesIn(image, bytes))
    bytes = next;
  return atMost(Math.ceil(bytes / MEBIBYTE) * MEBIBYTE);
}

/** Beyond what a number holds exactly no file goes either: the kernel is left to refuse it. */
const atMost = (bytes: number): number => Math.min(bytes, Number.MAX_SAFE_INTEGER);

function tablesIn(image: string, bytes: number): number {
  const { groupBytes, tableBytes } = superblockOf(image);
  return Math.ceil(bytes / groupBytes) * tableBytes;
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

/**
 * A limit changed while the container was off: the image follows before it is mounted. Made smaller it is only where what
 * has to be kept from the container would be more than ext4 can reserve. Answers what had to be repaired first.
 */
export async function fitImage(image: string, limit: DiskLimit): Promise<string[]> {
  const isFitting = await isImageFitting(image, limit);
  const repaired = await checkImage(image, { isWhole: !isFitting });
  if (!isFitting) await resizeImage(image, limit);
  return repaired;
}

async function isImageFitting(image: string, limit: DiskLimit): Promise<boolean> {
  if (limit.bytes === undefined) return true;
  const { size } = await stat(image);
  if (size < imageBytes(limit.bytes, limit.inodes)) return false;
  return limit.bytes >= size - tablesIn(image, size) - size * MOST_RESERVED;
}

async function resizeImage(image: string, { bytes, inodes }: DiskLimit): Promise<void> {
  if (bytes === undefined) return;
  const wanted = imageBytes(bytes, inodes);
  if ((await stat(image)).size >= wanted) return await shrink(image, wanted, bytes);
  await truncate(image, grownBytes(image, bytes));
  await run(['/usr/sbin/resize2fs', image]);
}

async function shrink(image: string, wanted: number, bytes: number): Promise<void> {
  try {
    // In sectors: whole KiB would round up beyond the file's end.
    await run(['/usr/sbin/resize2fs', image, `${Math.floor(wanted / SECTOR)}s`]);
  } catch (cause) {
    throw new EngineError(
      'no-space',
      `the files in ${image} do not fit in ${bytes} bytes: raise the disk limit, remove some of them, then lower it again`,
      { image },
      { cause },
    );
  }
  await truncate(image, Math.floor(wanted / SECTOR) * SECTOR);
}

/** An image's file system that is mounted, to be found by the programs that change it. */
export interface MountedImage {
  readonly device: string;
  readonly mounts: PrivateMounts;
  /** Its name among those mounts. */
  readonly folder: string;
}

/** Of a mounted image: makes it larger where the limit is above its size. */
export async function growMounted(
  { device, mounts }: MountedImage,
  image: string,
  limit: DiskLimit,
): Promise<void> {
  if (limit.bytes === undefined) return;
  const wanted = imageBytes(limit.bytes, limit.inodes);
  if ((await stat(image)).size >= wanted) return;
  if (!hasCapability('sysResource'))
    throw new EngineError(
      'denied',
      `${image} cannot grow while it is mounted: the daemon has no CAP_SYS_RESOURCE; change the stored configuration and start the domain again`,
      { image },
    );
  await truncate(image, grownBytes(image, limit.bytes));
  growLoop(device);
  await mounts.run(['/usr/sbin/resize2fs', device]);
}

/**
 * Of a mounted image: keeps from the container what it has beyond its limit. What is there stays, and no more can be
 * written until there is less.
 */
export async function limitSpace(
  mounted: MountedImage,
  image: string,
  limit: DiskLimit | undefined,
): Promise<void> {
  if (limit?.bytes === undefined) return;
  const { device, mounts, folder } = mounted;
  const { blocks, bsize } = mounts.within(() => statfsSync(folder));
  const isAsMade = (await stat(image)).size <= imageBytes(limit.bytes, limit.inodes);
  const kept = isAsMade ? 0 : Math.max(0, blocks - Math.ceil(limit.bytes / bsize));
  const { blocks: all } = superblockOf(device);
  if (kept > all * MOST_RESERVED)
    throw new EngineError(
      'unsupported',
      `${image} has ${all * bsize} bytes, and can be limited to no less than half of them while it is mounted: change the stored configuration and start the domain again`,
      { image },
    );
  await keepBlocks(mounted, kept);
}

/**
 * ext4 reserves blocks for a user named when it is mounted, whom no container has; the capability to use them all the same is
 * one that overlay lays down.
 */
export async function keepBlocks({ device, mounts }: MountedImage, count: number): Promise<void> {
  if (superblockOf(device).reserved !== count)
    await mounts.run(['/usr/sbin/tune2fs', '-r', String(count), device]);
}

/** What one holds that nothing has mounted. */
export async function usageOfImage(image: string): Promise<Usage> {
  const { stdout } = await run(['/usr/sbin/dumpe2fs', '-h', image]);
  const number = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
  const blocks = number('Block count') - number('Overhead clusters') - number('Free blocks');
  return { bytes: blocks * number('Block size'), inodes: number('Inode count') - number('Free inodes') };
}

/** Of all blocks; tune2fs refuses more. */
const MOST_RESERVED = 0.5;
const SECTOR = 512;
