// A file of this machine whose bytes come from elsewhere: it is there when all of them are, and until then what was there stays.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Disposed of, it leaves nothing behind but what was kept. */
export interface ArrivingFile extends AsyncDisposable {
  readonly file: FileHandle;
  /** It is whole: puts it in its place. */
  keep(): Promise<void>;
}

/**
 * Opens it to be written. A link in its place is followed where somebody named it so; one that is found there may be the container's,
 * from an earlier pull, and is replaced. Devices and pipes are written to as they are.
 */
export async function arrivingFile(
  path: string,
  { mode, isNamed }: { readonly mode: number; readonly isNamed: boolean },
): Promise<ArrivingFile> {
  const there = await (isNamed ? stat(path) : lstat(path)).catch(() => undefined);
  const isOther = there !== undefined && !there.isFile() && !there.isSymbolicLink();
  if (isOther) return asItIs(await open(path, 'w', mode));
  const place = isNamed && there !== undefined ? await realpath(path) : path;
  return await inPlaceOf(place).catch(async (error: NodeJS.ErrnoException) => {
    // Who may write to the file need not be allowed to make others beside it.
    if (error.code !== 'EACCES' || !isFile(there)) throw error;
    return asItIs(await open(place, 'w'));
  });
}

const isFile = (there: Stats | undefined): boolean => there?.isFile() === true;

const asItIs = (file: FileHandle): ArrivingFile => ({
  file,
  keep: async () => undefined,
  [Symbol.asyncDispose]: () => file.close(),
});

async function inPlaceOf(place: string): Promise<ArrivingFile> {
  const temporary = join(dirname(place), `.ctvirt-${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  let isKept = false;
  return {
    file,
    keep: async () => {
      await rename(temporary, place);
      isKept = true;
    },
    [Symbol.asyncDispose]: async () => {
      await file.close();
      if (!isKept) await rm(temporary, { force: true });
    },
  };
}
