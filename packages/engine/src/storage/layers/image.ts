// An ext4 image of its own, whose size is the limit; a loop device that frees itself makes it a file system.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../errors.js';
import { loopsOver } from '../../host/disks.js';
import { attachLoop, growLoop, openImage } from '../../host/loop.js';
import { newMount } from '../../host/mount-calls.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import { copyImage, syncImage } from '../ext4/copy.js';
import { fitImage, usageOfImage } from '../ext4/fit.js';
import { type Mounted, thaw, whileFrozen } from '../ext4/freeze.js';
import { imageFile } from '../ext4/image-file.js';
import { makeFile, makeImage } from '../ext4/make.js';
import { keepSpare } from '../ext4/spare.js';
import { lookAtDisk, onDevice, openDisk, relimitDisk } from './ext4-disk.js';
import { holdLimitMs, type Layer, type Place } from './layer.js';
import { makeTree, stagingPath } from './tree.js';

const imagePath = ({ folder, key }: Place): string => join(folder, `${key}.img`);
/** A large image on a slow disk. */
const TRIM_MS = 600_000;

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
    const path = imagePath(place);
    const [loop] = loopsOver(path);
    if (limit === undefined || loop === undefined) throw notMounted(place);
    const device = `/dev/${loop.name}`;
    const image = {
      ...imageFile(path),
      resize: async (bytes: number) => {
        await truncate(path, bytes);
        growLoop(device);
      },
    };
    await relimitDisk({ device, image }, place, limit, relimiting);
  },

  async copy(from, to, { mounts, signal }) {
    const path = imagePath(from);
    const copy = () => copyImage(path, imagePath(to), signal);
    let held: number | null = null;
    const isOpen = await whileOpen(from, { mounts, as: 'copied' }, async (mounted) => {
      const limitMs = holdLimitMs(await image.occupied(from));
      held = await whileFrozen(mounted, limitMs, copy);
    });
    if (!isOpen) await copy();
    await syncImage(imagePath(to));
    return held;
  },
  async letGo(place, mounts) {
    let wasHeld = false;
    await whileOpen(place, { mounts, as: 'held' }, async (mounted) => {
      wasHeld = thaw(mounted);
    });
    return wasHeld;
  },
  async freeze(place, { mounts, limitMs }, work) {
    const isOpen = await whileOpen(
      place,
      { mounts, as: 'frozen' },
      async (mounted) => void (await whileFrozen(mounted, limitMs, work)),
    );
    if (!isOpen) throw notMounted(place);
  },
  async trim(place, { mounts, leastBytes }) {
    const isOpen = await whileOpen(place, { mounts, as: 'trimmed' }, async ({ mounts: moment, folder }) => {
      await moment.run(['/sbin/fstrim', '--minimum', String(leastBytes), '--', folder], {
        timeoutMs: TRIM_MS,
      });
    });
    if (!isOpen) throw notMounted(place);
  },
  async look(place, looking) {
    const path = imagePath(place);
    const [open] = loopsOver(path);
    if (open !== undefined) return await lookAtDisk({ device: `/dev/${open.name}`, isOpen: true }, looking);
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

/** Of a file system that only the container still sees, to be found by its device; false where nobody has it open. */
async function whileOpen(
  place: Place,
  { mounts, as }: { readonly mounts: () => PrivateMounts; readonly as: string },
  work: (mounted: Mounted) => Promise<void>,
): Promise<boolean> {
  const path = imagePath(place);
  const [loop] = loopsOver(path);
  if (loop === undefined) return false;
  const moment = mounts();
  using disk = await newMount(onDevice(`/dev/${loop.name}`));
  await work({ mounts: moment, folder: moment.attach(disk, `${as}-${place.key}`), path });
  return true;
}

const notMounted = (place: Place): EngineError =>
  new EngineError('internal', `${imagePath(place)} is not mounted`);
