// What ext4's superblock says of a file system: its sizes, and whether something is wrong with it.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';

export interface Superblock {
  /** What is no ext4 file system, or lost its first superblock, has no sense in the rest. */
  readonly isExt4: boolean;
  readonly blocks: number;
  readonly bytes: number;
  /** What a last group of blocks needs at least: what is less remains unused at the device's end. */
  readonly leastGroupBytes: number;
  readonly reserved: number;
  /** How many bytes there are for files, reserved or not, and of these free; the rest is its journal and tables. */
  readonly roomBytes: number;
  readonly freeBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
  /** Of a group of blocks, and of the table of inodes in each. */
  readonly groupBytes: number;
  readonly tableBytes: number;
  readonly hasJournal: boolean;
  /** It was not unmounted: the journal holds what was going on. */
  readonly needsRecovery: boolean;
  /** The kernel met something wrong in it, or its journal, and nobody has checked it since. */
  readonly hasErrors: boolean;
}

const MAGIC = 0xef53;
const HAS_JOURNAL = 0x4;
const NEEDS_RECOVERY = 0x4;
const HAS_64BIT = 0x80;
const ERRORS = 0x2;
const DESCRIPTOR_BYTES = 64;
/** Two maps, a copy of the superblock, and the fifty for files without which mke2fs and resize2fs make no group. */
const LEAST_GROUP_BLOCKS = 53;

/** 1024 bytes in, all numbers little-endian, those of blocks in two halves. */
export function superblockOf(device: string): Superblock {
  const block = Buffer.alloc(0x24c);
  const file = openSync(device, 'r');
  try {
    readSync(file, block, 0, block.length, 1024);
  } finally {
    closeSync(file);
  }
  const incompatible = block.readUInt32LE(0x60);
  const has64 = (incompatible & HAS_64BIT) !== 0;
  const number = (low: number, high: number): number =>
    block.readUInt32LE(low) + (has64 ? block.readUInt32LE(high) * 2 ** 32 : 0);
  const blockBytes = 1024 << block.readUInt32LE(0x18);
  const blocks = number(0x4, 0x150);
  const tableBytes = block.readUInt32LE(0x28) * block.readUInt16LE(0x58);
  const descriptors = Math.ceil((blocks / block.readUInt32LE(0x20)) * (DESCRIPTOR_BYTES / blockBytes));
  const leastBlocks = LEAST_GROUP_BLOCKS + block.readUInt16LE(0xce) + descriptors;
  return {
    isExt4: block.readUInt16LE(0x38) === MAGIC,
    blocks,
    bytes: blocks * blockBytes,
    leastGroupBytes: tableBytes + leastBlocks * blockBytes,
    reserved: number(0x8, 0x154),
    roomBytes: (blocks - block.readUInt32LE(0x248)) * blockBytes,
    freeBytes: number(0xc, 0x158) * blockBytes,
    inodes: block.readUInt32LE(0x0),
    freeInodes: block.readUInt32LE(0x10),
    groupBytes: block.readUInt32LE(0x20) * blockBytes,
    tableBytes,
    hasJournal: (block.readUInt32LE(0x5c) & HAS_JOURNAL) !== 0,
    needsRecovery: (incompatible & NEEDS_RECOVERY) !== 0,
    hasErrors: (block.readUInt16LE(0x3a) & ERRORS) !== 0 || block.readUInt32LE(0x194) !== 0,
  };
}
