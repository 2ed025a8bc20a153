// Fits an ext4 image that nothing has mounted to its limit, and puts right what is wrong with it.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import { run } from '../../host/run.js';
import type { DiskLimit, Usage } from '../contract/backend.js';
import type { ImageFile } from './image-file.js';
import { checkImage } from './repair.js';
import { grownBytes, imageBytes, isLargeEnough, journalMiB, leastLimit } from './size.js';
import { type Superblock, superblockOf } from './superblock.js';

const SECTOR = 512;

/**
 * A limit changed while the container was off: the image follows before it is mounted. Made smaller it is only where what
 * has to be kept from the container would be more than ext4 can reserve. Returns what had to be repaired first.
 */
export async function fitImage(image: ImageFile, limit: DiskLimit): Promise<string[]> {
  const found = superblockOf(image.path);
  const isFitting = await isImageFitting(image, found, limit);
  const repaired = await checkImage(image.path, found, { isWhole: !isFitting });
  if (!isFitting) await resizeImage(image, limit);
  if (!found.hasJournal) await giveJournal(image);
  return repaired;
}

async function isImageFitting(image: ImageFile, found: Superblock, limit: DiskLimit): Promise<boolean> {
  if (limit.bytes === undefined) return true;
  const size = await image.size();
  const isAsLongAsItsFile = found.bytes >= size - found.leastGroupBytes;
  const isTooLarge = limit.bytes < leastLimit(found);
  return isAsLongAsItsFile && !isTooLarge && isLargeEnough(found, size, limit.bytes, limit.inodes);
}

/** What the file system says of itself decides, and the file follows: of one that was to grow and did not, too. */
async function resizeImage(image: ImageFile, { bytes, inodes }: DiskLimit): Promise<void> {
  if (bytes === undefined) return;
  // Its journal, replayed meanwhile, may have had another size for it.
  const checked = superblockOf(image.path);
  if (!isLargeEnough(checked, await image.size(), bytes, inodes)) {
    await image.resize(grownBytes(checked, bytes, inodes));
    await fill(image);
  } else if (bytes < leastLimit(checked))
    await shrink(image, await image.rounded(imageBytes(bytes, inodes)), bytes);
  else {
    const wanted = await image.rounded(checked.bytes);
    await image.resize(wanted);
    if (wanted > checked.bytes) await fill(image);
  }
}

const fill = ({ path }: ImageFile) => run(['/usr/sbin/resize2fs', path]);

async function shrink(image: ImageFile, wanted: number, bytes: number): Promise<void> {
  const { path } = image;
  try {
    // In sectors: whole KiB would round up beyond the file's end.
    await run(['/usr/sbin/resize2fs', path, `${Math.floor(wanted / SECTOR)}s`]);
  } catch (cause) {
    throw new EngineError(
      'no-space',
      `the files in ${path} do not fit in ${bytes} bytes: raise the disk limit, remove some of them, then lower it again`,
      { image: path },
      { cause },
    );
  }
  await image.resize(Math.floor(wanted / SECTOR) * SECTOR);
}

/**
 * Small images of earlier versions have none, and are checked whole before each start for want of one. Where there is no room for it
 * that goes on.
 */
async function giveJournal(image: ImageFile): Promise<void> {
  const { path } = image;
  const { status } = await run(['/usr/sbin/tune2fs', '-J', `size=${journalMiB(await image.size())}`, path], {
    allow: [1],
  });
  if (status !== 0) await checkImage(path, superblockOf(path));
}

/** What one holds that nothing has mounted. */
export function usageOfImage(image: string): Usage {
  const { isExt4, roomBytes, freeBytes, inodes, freeInodes } = superblockOf(image);
  if (!isExt4) throw new EngineError('unsupported', `${image} holds no ext4 file system`, { image });
  return { bytes: roomBytes - freeBytes, inodes: inodes - freeInodes, room: { bytes: roomBytes, inodes } };
}
