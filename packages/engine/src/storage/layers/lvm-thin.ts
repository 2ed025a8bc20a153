// A thin volume of LVM with an ext4 file system, whose size is the limit: copied in constant time, wherever the folders of domains lie.
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../../errors.js';
import { diskOfDevice } from '../../host/disks.js';
import {
  copyThin,
  createThin,
  deviceOf,
  isFree,
  openedThin,
  openThin,
  pieceOf,
  resizeThin,
  resumeGroup,
  sizeOfDevice,
  sizeOfPool,
  spaceOfThin,
  untilFree,
} from '../../host/lvm.js';
import { run } from '../../host/run.js';
import { nameVolume, volumeAt } from '../../host/volumes.js';
import { fitImage, usageOfImage } from '../ext4/fit.js';
import type { ImageFile } from '../ext4/image-file.js';
import { makeImage } from '../ext4/make.js';
import { keepSpare } from '../ext4/spare.js';
import {
  freezeDisk,
  letGoDisk,
  lookAtDisk,
  notMounted,
  openDisk,
  relimitDisk,
  trimDisk,
} from './ext4-disk.js';
import type { Layer, Place } from './layer.js';
import { makeTree, stagingPath } from './tree.js';

/** Says which volume it is. */
const namePath = ({ folder, key }: Place): string => join(folder, `${key}.lvm`);
const volumeOf = (place: Place): string => volumeAt(namePath(place)).name;
const newIn = (group: string): string => `${group}/ctvirt-${randomUUID()}`;

export const lvmThin: Layer = {
  suits: ({ pool }) => pool?.kind === 'lvm-thin',
  isAt: (place) => existsSync(namePath(place)),
  files: (place) => [stagingPath(place), namePath(place)],

  async create(place, making) {
    const { pool, limit } = making;
    if (pool === undefined) throw new EngineError('internal', 'no pool of thin volumes is named');
    const staging = stagingPath(place);
    await makeTree(staging, place, making);
    keepSpare(staging);
    const volume = newIn(dirname(pool.name));
    await nameVolume(namePath(place), { name: volume });
    const wanted = { inodes: limit?.inodes, bytes: limit?.bytes ?? (await sizeOfPool(pool.name)) };
    await makeImage(deviceOf(volume), wanted, staging, (_device, bytes) =>
      createThin(pool.name, volume, bytes),
    );
    await rm(staging, { recursive: true });
  },

  async open(place, opening) {
    const { limit = { bytes: undefined, inodes: undefined } } = opening;
    const volume = volumeOf(place);
    const device = await openThin(volume);
    await untilFree(device);
    opening.tell(await fitImage(imageOf(volume), limit));
    return await openDisk({ device, path: device }, place, opening);
  },

  async relimit(place, limit, relimiting) {
    const volume = volumeOf(place);
    const device = openedThin(volume);
    if (limit === undefined || device === undefined) throw notMounted(volume);
    await relimitDisk({ device, image: imageOf(volume) }, place, limit, relimiting);
  },

  /** What writes waits while LVM makes it; no more than that is known. */
  async copy(from, to) {
    const volume = volumeOf(from);
    const device = openedThin(volume);
    const copy = newIn(dirname(volume));
    await nameVolume(namePath(to), { name: copy });
    if (device !== undefined) await run(['/bin/sync', '--', device]);
    const begun = performance.now();
    await copyThin(volume, copy);
    return device === undefined ? null : performance.now() - begun;
  },
  async letGo(place, mounts) {
    const wasSuspended = await resumeGroup(volumeOf(place));
    return (await letGoDisk(mountedAt(place), place, mounts)) || wasSuspended;
  },
  freeze: (place, freezing, work) => freezeDisk(mountedAt(place), place, freezing, work),
  trim: (place, trimming) => trimDisk(mountedAt(place), place, trimming),
  async look(place, looking) {
    const device = await openThin(volumeOf(place));
    return await lookAtDisk({ device, isOpen: !isFree(device) }, looking);
  },
  /** What it shares takes none. */
  occupied: async () => 0,

  size: async (place) => await spaceOfThin(volumeOf(place)),
  keeping: (place) => ({
    how: 'a thin volume of LVM',
    isWhole: true,
    atRest: async () => usageOfImage(await openThin(volumeOf(place))),
  }),

  disks(place) {
    const device = openedThin(volumeOf(place));
    return device === undefined ? [] : diskOfDevice(device);
  },
};

/** A device it may be without being mounted. */
function mountedAt(place: Place) {
  const path = volumeOf(place);
  const device = openedThin(path);
  return { device: device !== undefined && !isFree(device) ? device : undefined, path };
}

const imageOf = (volume: string): ImageFile => ({
  path: deviceOf(volume),
  size: async () => sizeOfDevice(deviceOf(volume)),
  resize: (bytes) => resizeThin(volume, bytes),
  rounded: async (bytes) => {
    const piece = await pieceOf(volume);
    return Math.ceil(bytes / piece) * piece;
  },
});
