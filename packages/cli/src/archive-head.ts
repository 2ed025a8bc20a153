// The first member of an archive of tar, as `pull` gets it: whether it is one file, and what there is to know of that.
// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';

/** The one file of an archive, or a folder's tree. */
export interface ArchiveHead {
  readonly isFolder: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** In seconds since 1970. */
  readonly mtime: number;
}

const BLOCK = 512;

/** Reads it and leaves the rest in the stream: what a folder's archive began with goes back. Undefined where the stream ends before. */
export async function readHead(stream: Readable): Promise<ArchiveHead | undefined> {
  let read = Buffer.alloc(0);
  const take = async (from: number): Promise<Buffer | undefined> => {
    while (read.length < from + BLOCK) {
      const chunk = await nextOf(stream);
      if (chunk === undefined) return undefined;
      read = Buffer.concat([read, chunk]);
    }
    return read.subarray(from, from + BLOCK);
  };
  let at = 0;
  for (;;) {
    const block = await take(at);
    if (block === undefined) return undefined;
    const type = String.fromCharCode(block[156] ?? 0);
    const size = numberAt(block, 124, 12);
    at += BLOCK;
    // A name that is too long for its place stands in a member of its own before; of one file it is the asker's own.
    if (type === 'L' || type === 'K') {
      at += Math.ceil(size / BLOCK) * BLOCK;
      continue;
    }
    const isFolder = type === '5';
    const rest = isFolder ? read : read.subarray(at);
    if (rest.length > 0) stream.unshift(rest);
    return {
      isFolder,
      mode: numberAt(block, 100, 8),
      uid: numberAt(block, 108, 8),
      gid: numberAt(block, 116, 8),
      size,
      mtime: numberAt(block, 136, 12),
    };
  }
}

async function nextOf(stream: Readable): Promise<Buffer | undefined> {
  for (;;) {
    const chunk: Buffer | null = stream.read();
    if (chunk !== null) return chunk;
    if (stream.readableEnded || stream.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const over = (): void => {
        for (const event of ['readable', 'end', 'close', 'error']) stream.off(event, over);
        resolve();
      };
      for (const event of ['readable', 'end', 'close', 'error']) stream.on(event, over);
    });
  }
}

/** In eight's digits, or, marked by the highest bit, in bytes. */
function numberAt(block: Buffer, at: number, width: number): number {
  const field = block.subarray(at, at + width);
  const [first = 0] = field;
  if ((first & 0x80) === 0) return Number.parseInt(`0${field.toString('latin1').replace(/[^0-7]/g, '')}`, 8);
  const bytes = Buffer.from(field);
  if (first !== 0xff) bytes[0] = first & 0x7f;
  return Number(bytes.readBigInt64BE(width - 8));
}
