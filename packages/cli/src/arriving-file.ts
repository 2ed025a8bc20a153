// A file of this machine whose bytes come from elsewhere: it is there when all of them are, and until then what was there stays.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Disposed of, it leaves nothing behind but what was kept. */
export interface ArrivingFile extends AsyncDisposable {
  readonly file: FileHandle;
  /** Whether it is what was there before, such as a device, which is written to as it is. */
  readonly isThere: boolean;
  /** It is whole: puts it in its place. */
  keep(): Promise<void>;
}

/**
 * Opens it to be written. A link in its place is followed where somebody named it so; one that is found there may be the container's,
 * from an earlier pull, and is replaced. Devices and pipes are written to as they are, and so is what a program has open: /dev/stdout is
 * a link to it, and may lead to a file that others write to.
 */
export async function arrivingFile(
  path: string,
  { mode, isNamed }: { readonly mode: number; readonly isNamed: boolean },
): Promise<ArrivingFile> {
  const there = await (isNamed ? stat(path) : lstat(path)).catch(() => undefined);
  const isOther = there !== undefined && !there.isFile() && !there.isSymbolicLink();
  if (isOther) return asItIs(await open(path, 'w', mode));
  if (isNamed && (await isDescriptor(path))) return asItIs(await open(path, 'a', mode));
  const place = isNamed && there !== undefined ? await realpath(path) : path;
  return await inPlaceOf(place).catch(async (error: NodeJS.ErrnoException) => {
    // Who may write to the file need not be allowed to make others beside it.
    if (error.code !== 'EACCES' || !isFile(there)) throw error;
    return asItIs(await open(place, 'w'));
  });
}

const PROC = 0x9fa0;
const MOST_LINKS = 40;

/** Whether its links lead through a descriptor that some program has. */
async function isDescriptor(path: string): Promise<boolean> {
  let place = resolve(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    const next = await readlink(place).catch(() => undefined);
    if (next === undefined) return false;
    if ((await statfs(dirname(place))).type === PROC) return true;
    place = resolve(dirname(place), next);
  }
  return false;
}

const isFile = (there: Stats | undefined): boolean => there?.isFile() === true;

const asItIs = (file: FileHandle): ArrivingFile => ({
  file,
  isThere: true,
  keep: async () => undefined,
  [Symbol.asyncDispose]: () => file.close(),
});

async function inPlaceOf(place: string): Promise<ArrivingFile> {
  const temporary = join(dirname(place), `.ctvirt-${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  let isKept = false;
  return {
    file,
    isThere: false,
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
