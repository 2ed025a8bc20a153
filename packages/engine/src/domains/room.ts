// A disk without room for a copy of a whole domain, told with what that takes.
// SPDX-License-Identifier: Apache-2.0
import { statfsSync } from 'node:fs';
import { EngineError, isFault } from '../errors.js';
import { lastingPart } from '../state/folders.js';

/** What is copied, such as `the files of domain 'web'`, and how much it holds. */
export interface Copied {
  readonly what: string;
  readonly bytes: () => number | Promise<number>;
}

/** What fails for want of room says how much it takes; all else is thrown as it is. */
export async function tellingRoom<T>({ what, bytes }: Copied, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isFull(cause) || (isFault(cause, 'no-space') && cause.details.needed !== undefined)) throw cause;
    const needed = await bytes();
    // Of what shares its blocks where it is nobody knows what it takes elsewhere.
    const [held, details] = needed === 0 ? ['', {}] : [`, which hold ${needed} bytes`, { needed }];
    throw new EngineError(
      'no-space',
      `there is no room for ${what}${held}, and not all of them could be written: free some space (df and df -i tell what is used up), then try again; nothing of the copy is left`,
      details,
      { cause },
    );
  }
}

/** As programs and Node say it; after the first such error an image is read-only. */
const BROKEN = /Input\/output error|\bEIO\b|Read-only file system|\bEROFS\b/;

/** So little is as good as none: a file system keeps some for itself. */
const NONE = 1 << 20;

/**
 * What is written to files below the folder, so many bytes at most. An image whose blocks the host has no room for fails as a disk that
 * is broken does, and what could not be written is free again.
 */
export async function writingBelow<T>(
  folder: string,
  work: () => Promise<T>,
  { written = 0 }: { readonly written?: number } = {},
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { bavail, bsize } = statfsSync(folder);
    if (isFull(cause) || bavail * bsize > NONE + written || !BROKEN.test(String(firstOf(cause)))) throw cause;
    const lasting = lastingPart(folder);
    throw new EngineError('no-space', `there is no room in ${lasting}`, { path: lasting }, { cause });
  }
}

/** Node's word for it, or ours. */
function isFull(error: unknown): boolean {
  const first = firstOf(error);
  return first instanceof Error && 'code' in first && (first.code === 'ENOSPC' || first.code === 'no-space');
}

/** See `explain`. */
const firstOf = (error: unknown): unknown =>
  error instanceof Error && 'suppressed' in error && error.suppressed !== undefined
    ? firstOf(error.suppressed)
    : error;
