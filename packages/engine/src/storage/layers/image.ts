// An ext4 image of its own, whose size is the limit; a loop device that frees itself makes it a file system.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { loopsOver } from '../../host/disks.js';
import { attachLoop, growLoop, openImage } from '../../host/loop.js';
import { copyImage, syncImage } from '../ext4/copy.js';
import { fitImage, usageOfImage } from '../ext4/fit.js';
import { whileFrozen } from '../ext4/freeze.js';
import { imageFile } from '../ext4/image-file.js';
import { makeFile, makeImage } from '../ext4/make.js';
import { keepSpare } from '../ext4/spare.js';
import {
  freezeDisk,
  letGoDisk,
  lookAtDisk,
  notMounted,
  openDisk,
  relimitDisk,
  trimDisk,
  whileOpen,
} from './ext4-disk.js';
import { holdLimitMs, type Layer, type Place } from './layer.js';
import { makeTree, stagingPath } from './tree.js';

const imagePath = ({ folder, key }: Place): string => join(folder, `${key}.img`);

const noLimit = { bytes: undefined, inodes: undefined };

export const image: Layer = {
  suits: ({ limit }) => limit !== undefined,
  isAt: (place) => existsSync(imagePath(place)),
  files: (place) => [stagingPath(place), imagePath(place)],

  async create(place, making) {
    const staging = stagingPath(place);
    await makeTree(staging, place, making);
    keepSpare(staging);
    await makeImage(imagePath(place), making.limit ?? noLimit, staging, makeFile);
    await rm(staging, { recursive: true });
  },

  async open(place, opening) {
    const path = imagePath(place);
    using file = await openImage(path);
    opening.tell(await fitImage(imageFile(path), opening.limit ?? noLimit));
    using loop = attachLoop(file);
    return await openDisk({ device: loop.path, path }, place, opening);
  },

  async relimit(place, limit, relimiting) {
    const { device, path } = openedAt(place);
    if (limit === undefined || device === undefined) throw notMounted(path);
    const image = {
      ...imageFile(path),
      resize: async (bytes: number) => {
        await truncate(path, bytes);
        growLoop(device);
      },
    };
    await relimitDisk({ device, image }, place, limit, relimiting);
  },

  async copy(from, to, { mounts, signal, onBytes }) {
    const path = imagePath(from);
    const copy = () => copyImage(path, imagePath(to), { signal, onBytes });
    let held: number | null = null;
    const isOpen = await whileOpen(openedAt(from), from, { mounts, as: 'copied' }, async (mounted) => {
      const limitMs = holdLimitMs(await image.occupied(from));
      held = await whileFrozen(mounted, limitMs, copy);
    });
    if (!isOpen) await copy();
    await syncImage(imagePath(to));
    return held;
  },
  letGo: (place, mounts) => letGoDisk(openedAt(place), place, mounts),
  freeze: (place, freezing, work) => freezeDisk(openedAt(place), place, freezing, work),
  trim: (place, trimming) => trimDisk(openedAt(place), place, trimming),
  async look(place, looking) {
    const { device, path } = openedAt(place);
    if (device !== undefined) return await lookAtDisk({ device, isOpen: true }, looking);
    using file = await openImage(path, { readOnly: true });
    using loop = attachLoop(file);
    return await lookAtDisk({ device: loop.path, isOpen: false }, looking);
  },
  occupied: async (place) => (await stat(imagePath(place))).blocks * 512,

  keeping: (place) => ({
    how: 'an ext4 image of its own',
    isWhole: true,
    atRest: async () => usageOfImage(imagePath(place)),
  }),

  /** The loop device, through which all of it goes; the disk below sees the cache of the image's file. */
  disks: (place) => loopsOver(imagePath(place)),
};

function openedAt(place: Place) {
  const path = imagePath(place);
  const [loop] = loopsOver(path);
  return { device: loop && `/dev/${loop.name}`, path };
}
