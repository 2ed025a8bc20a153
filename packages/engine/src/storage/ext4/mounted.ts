// Changes the limit of an ext4 image that is mounted: makes it larger, or keeps the rest of it from the container.
// SPDX-License-Identifier: Apache-2.0
import { statfsSync } from 'node:fs';
import { EngineError } from '../../errors.js';
import { hasCapability } from '../../host/own-limits.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import type { DiskLimit } from '../contract/backend.js';
import type { ImageFile } from './image-file.js';
import { grownBytes, imageBytes, isLargeEnough, MOST_RESERVED } from './size.js';
import { superblockOf } from './superblock.js';

/** An image's file system that is mounted, to be found by the programs that change it. */
export interface MountedImage {
  readonly device: string;
  readonly mounts: PrivateMounts;
  /** Its name among those mounts. */
  readonly folder: string;
}

/** Makes it larger where the limit is above its size. */
export async function growMounted(
  { device, mounts }: MountedImage,
  image: ImageFile,
  limit: DiskLimit,
): Promise<void> {
  if (limit.bytes === undefined) return;
  const found = superblockOf(device);
  if (isLargeEnough(found, await image.size(), limit.bytes, limit.inodes)) return;
  if (!hasCapability('sysResource'))
    throw new EngineError(
      'denied',
      `${image.path} cannot grow while it is mounted: the daemon has no CAP_SYS_RESOURCE; change its stored configuration (--config) and start the domain again`,
      { image: image.path },
    );
  await image.resize(grownBytes(found, limit.bytes, limit.inodes));
  await mounts.run(['/usr/sbin/resize2fs', device]);
}

/**
 * Keeps from the container what it has beyond its limit. What is there stays, and no more can be written until there is less. What
 * cannot be kept back is told where somebody listens, and else refused with all as it was.
 */
export async function limitSpace(
  mounted: MountedImage,
  image: string,
  limit: DiskLimit | undefined,
  tell?: (remarks: readonly string[]) => void,
): Promise<void> {
  if (limit?.bytes === undefined) return;
  const { mounts, folder } = mounted;
  const found = superblockOf(mounted.device);
  const { blocks, bsize } = mounts.within(() => statfsSync(folder));
  const isAsMade = found.bytes <= imageBytes(limit.bytes, limit.inodes);
  const kept = isAsMade ? 0 : Math.max(0, blocks - Math.ceil(limit.bytes / bsize));
  const most = Math.floor(found.blocks * MOST_RESERVED);
  if (kept > most && tell === undefined)
    throw new EngineError(
      'unsupported',
      `${image} has ${found.bytes} bytes, and can be limited to no less than half of them while it is mounted: change its stored configuration (--config) and start the domain again`,
      { image },
    );
  await keepBlocks(mounted, Math.min(kept, most), found);
  if (kept > most)
    tell?.([
      `${image} has ${(kept - most) * bsize} bytes more than its limit of ${limit.bytes} until the next start, which makes it smaller: no more than half of it can be kept back while it is mounted`,
    ]);
}

/**
 * ext4 reserves blocks for a user named when it is mounted, whom no container has; the capability to use them all the same is
 * one that overlay lays down.
 */
export async function keepBlocks(
  { device, mounts }: MountedImage,
  count: number,
  found = superblockOf(device),
): Promise<void> {
  if (found.reserved !== count) await mounts.run(['/usr/sbin/tune2fs', '-r', String(count), device]);
}
