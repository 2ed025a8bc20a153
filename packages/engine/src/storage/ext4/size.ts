// How large an ext4 image has to be for a limit, its journal and its tables of inodes included.
// SPDX-License-Identifier: Apache-2.0
import { SPARE_INODES } from './spare.js';
import type { Superblock } from './superblock.js';

const MEBIBYTE = 1 << 20;
export const SMALLEST_IMAGE = 4 * MEBIBYTE;
/** Below this a limit has its journal beyond it, and the smallest that ext4 knows: 1024 blocks, there of 1 KiB. */
const SMALL = 64 * MEBIBYTE;
/** What ext4 and overlay use for themselves: reserved inodes, lost+found, the layer's folders, and what is kept back. */
const OWN_INODES = 16 + SPARE_INODES;
const INODE_BYTES = 256;
/** mkfs.ext4 makes smaller file systems of blocks of 1 KiB, in groups of at most 8 MiB. */
const SMALLEST_WITH_LARGE_BLOCKS = 512 * MEBIBYTE;
const SMALL_GROUP = 8 * MEBIBYTE;
/** Of all blocks ext4 reserves no more. */
export const MOST_RESERVED = 0.5;

/** Of one with so many bytes for files. */
export const journalMiB = (bytes: number): number => (bytes < SMALL ? 1 : bytes < 1 << 30 ? 4 : 16);

/** A limit counts files: ext4's own tables are beyond it, and that of the inodes may well be larger than it. */
export function imageBytes(bytes: number, inodes = 0): number {
  return atMost(ownBytes(bytes) + Math.ceil((inodes * INODE_BYTES) / MEBIBYTE) * MEBIBYTE);
}

/**
 * Whether a file system needs not grow for a limit. The size of its file alone does not tell: a growth that was interrupted has
 * lengthened that first. What is less than a group remains unused at its end.
 */
export function isLargeEnough(
  { bytes, leastGroupBytes }: Superblock,
  size: number,
  limit: number,
  inodes?: number,
): boolean {
  const wanted = imageBytes(limit, inodes);
  return size >= wanted && bytes >= Math.min(wanted, size - leastGroupBytes);
}

/** Below it more would have to be kept from the container than ext4 can reserve. */
export function leastLimit(own: Superblock): number {
  return own.bytes - tablesIn(own, own.bytes) - own.bytes * MOST_RESERVED;
}

/** The same of an image that grows: each group of blocks that is added brings a table of inodes as large as the others'. */
export function grownBytes(present: Superblock, limit: number, inodes?: number): number {
  const own = ownBytes(limit);
  let bytes = imageBytes(limit, inodes);
  // A group is larger than its table, so that each round adds less than the one before.
  for (let next = own + tablesIn(present, bytes); next > bytes; next = own + tablesIn(present, bytes))
    bytes = next;
  return atMost(Math.ceil(bytes / MEBIBYTE) * MEBIBYTE);
}

/** Without the tables of inodes. */
const ownBytes = (limit: number): number => limit + (1 + (limit < SMALL ? journalMiB(limit) : 0)) * MEBIBYTE;

/** Beyond what a number holds exactly no file goes either: the kernel is left to refuse it. */
const atMost = (bytes: number): number => Math.min(bytes, Number.MAX_SAFE_INTEGER);

const tablesIn = ({ groupBytes, tableBytes }: Superblock, bytes: number): number =>
  Math.ceil(bytes / groupBytes) * tableBytes;

/** Blocks of 1 KiB hold four inodes, and mkfs.ext4 rounds those of a group down to a multiple of eight. */
export function inodesAskedFor(inodes: number, bytes: number): number {
  const rounding = bytes < SMALLEST_WITH_LARGE_BLOCKS ? 8 * Math.ceil(bytes / SMALL_GROUP) : 0;
  return inodes + OWN_INODES + rounding;
}
