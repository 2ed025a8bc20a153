// Copies an image: by sharing its blocks where the host's file system can, else what of it is no hole.
// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { isErrno } from '../../host/gone.js';
import { run } from '../../host/run.js';

/** What a file system that shares no blocks says of it. */
const unshared = ['EOPNOTSUPP', 'ENOTSUP', 'EXDEV', 'ENOTTY', 'EINVAL', 'ENOSYS', 'ETXTBSY'];

/** Who may end it, and is told how many bytes are copied. */
interface CopyingImage {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Where nothing is; not on the disk yet when it resolves. */
export async function copyImage(
  from: string,
  to: string,
  { signal, onBytes }: CopyingImage = {},
): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
  } catch (error) {
    if (!unshared.some((code) => isErrno(error, code))) throw error;
    await run(['/bin/cp', '--reflink=never', '--sparse=auto', '--preserve=mode', '--', from, to], {
      signal,
      onWritten: onBytes,
    });
  }
}

/** Waits for the disk. */
export async function syncImage(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
