// A file's bytes up to a bound, so that neither /dev/zero nor a disk image fills the memory.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Io } from '../io.js';

const chunkBytes = 64 * 1024;
const chunk = Buffer.allocUnsafe(chunkBytes);

/**
 * All bytes of a file, or `mostBytes + 1` of a longer one; throws the system's error. The answer is good until the
 * next call. In place and not on a thread: of ten thousand small files each is read in less than handing it over takes.
 */
export function readBytes(file: string, mostBytes: number): Buffer {
  const fd = openSync(file, 'r');
  try {
    return readOpen(fd, mostBytes);
  } finally {
    closeSync(fd);
  }
}

/** As `readBytes`, of an ordinary file only: undefined for a pipe, a socket or a device, which may never end. */
export function readOrdinary(file: string, mostBytes: number): Buffer | undefined {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return fstatSync(fd).isFile() ? readOpen(fd, mostBytes) : undefined;
  } finally {
    closeSync(fd);
  }
}

function readOpen(fd: number, mostBytes: number): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  let filled = 0;
  for (;;) {
    const wanted = Math.min(chunkBytes - filled, mostBytes + 1 - total);
    const count = wanted === 0 ? 0 : readSync(fd, chunk, filled, wanted, null);
    total += count;
    filled += count;
    if (count > 0 && filled < chunkBytes) continue;
    // Most files fit into the chunk: then nothing is copied.
    if (parts.length === 0 && count === 0) return chunk.subarray(0, filled);
    parts.push(Buffer.from(chunk.subarray(0, filled)));
    if (count === 0) return Buffer.concat(parts, total);
    filled = 0;
  }
}

/** All bytes of standard input, or at least `mostBytes + 1` of a longer one. */
export async function readInput(stdin: Io['stdin'], mostBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of stdin) {
    const bytes = Buffer.from(part);
    parts.push(bytes);
    total += bytes.length;
    if (total > mostBytes) break;
  }
  return Buffer.concat(parts, total);
}
