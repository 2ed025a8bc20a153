// Makes an ext4 image for a limit, with a container's layer in it.
// SPDX-License-Identifier: Apache-2.0
import { open, statfs } from 'node:fs/promises';
import { EngineError } from '../../errors.js';
import { run } from '../../host/run.js';
import type { DiskLimit } from '../contract/backend.js';
import { imageBytes, inodesAskedFor, journalMiB, SMALLEST_IMAGE } from './size.js';

/** A new file of so many bytes. */
export async function makeFile(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.truncate(bytes);
}

/** Makes one with `content` in it, in what `make` makes at that path. */
export async function makeImage(
  image: string,
  limit: DiskLimit,
  content: string,
  make: (path: string, bytes: number) => Promise<void>,
): Promise<void> {
  const wanted = limit.bytes ?? (await wholeFilesystem(content));
  const bytes = imageBytes(wanted, limit.inodes);
  if (limit.bytes !== undefined && limit.bytes < SMALLEST_IMAGE)
    throw new EngineError(
      'invalid',
      `a disk limit of ${limit.bytes} bytes is too small: ext4 needs ${SMALLEST_IMAGE} bytes at least`,
    );
  await make(image, bytes);
  const inodes = limit.inodes === undefined ? [] : ['-N', String(inodesAskedFor(limit.inodes, bytes))];
  const journal = ['-J', `size=${journalMiB(wanted)}`];
  const extended = ['-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard'];
  await run([
    ...(['/usr/sbin/mkfs.ext4', '-q', '-F', '-m', '0'] as const),
    ...inodes,
    ...journal,
    ...extended,
    ...['-d', content, image],
  ]);
}

async function wholeFilesystem(path: string): Promise<number> {
  const { blocks, bsize } = await statfs(path);
  return blocks * bsize;
}
