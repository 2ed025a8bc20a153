// An ext4 image of its own, whose size is the limit; a loop device that frees itself makes it a file system.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../errors.js';
import { loopsOver } from '../../host/disks.js';
import { attachLoop, openImage } from '../../host/loop.js';
import {
  cloneMount,
  type DetachedMount,
  MountAttr,
  newMount,
  setMountAttributes,
} from '../../host/mount-calls.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import type { ForHost } from '../contract/backend.js';
import { copyImage, syncImage } from '../ext4/copy.js';
import { fitImage, usageOfImage } from '../ext4/fit.js';
import { type Mounted, thaw, whileFrozen } from '../ext4/freeze.js';
import { makeImage } from '../ext4/make.js';
import { growMounted, keepBlocks, limitSpace, type MountedImage } from '../ext4/mounted.js';
import { freeSpare, keepSpare } from '../ext4/spare.js';
import { idsAt, viewFor } from './ids.js';
import { holdLimitMs, type Layer, type Opening, type Place } from './layer.js';
import { makeTree, treeIn } from './tree.js';

const imagePath = ({ folder, key }: Place): string => join(folder, `${key}.img`);
const stagingPath = ({ folder, key }: Place): string => join(folder, `.layer-${key}`);
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
    await makeImage(imagePath(place), making.limit ?? noLimit, staging);
    await rm(staging, { recursive: true });
  },

  async open(place, opening) {
    const { limit = noLimit, mounts, tell } = opening;
    const path = imagePath(place);
    using file = await openImage(path);
    tell(await fitImage(path, limit));
    using loop = attachLoop(file);
    const device = loop.path;
    // discard gives the host back what the container deletes. What is reserved is nobody's: overlay writes as the host's root. What is
    // found damaged is not written to any more, which the container sees: its next start repairs it.
    const data = 'discard,resuid=65534,errors=remount-ro';
    using disk = await newMount({ ...onDevice(device), data });
    const mounted = { device, folder: mounts.attach(disk, mountName(place)), mounts };
    // overlay needs some for itself, and is read-only for good where it finds none.
    await keepBlocks(mounted, 0);
    withSpare(freeSpare, mounted, path, tell);
    const view = viewFor(
      mounts.within(() => idsAt(place, mounted.folder)),
      opening,
    );
    return {
      ...treeIn(view === undefined ? mountName(place) : await attachShown(disk, place, mounts, view)),
      settle: async (wanted) => {
        withSpare(keepSpare, mounted, path, tell);
        await limitSpace(mounted, path, wanted);
      },
    };
  },

  async relimit(place, limit, { mounts, tell }) {
    const path = imagePath(place);
    const [loop] = loopsOver(path);
    if (limit === undefined || loop === undefined) throw notMounted(place);
    const device = `/dev/${loop.name}`;
    // Of a file system that only the container still sees, to be found by those who change it.
    using disk = await newMount(onDevice(device));
    const mounted = { device, folder: mounts.attach(disk, mountName(place)), mounts };
    await growMounted(mounted, path, limit);
    await limitSpace(mounted, path, limit, tell);
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
  async look(place, { mounts, as }) {
    const path = imagePath(place);
    const [open] = loopsOver(path);
    const readOnly = MountAttr.readOnly;
    if (open !== undefined) {
      using disk = await newMount(onDevice(`/dev/${open.name}`));
      setMountAttributes(disk, readOnly);
      return treeIn(mounts().attach(disk, as)).upper;
    }
    using file = await openImage(path, { readOnly: true });
    using loop = attachLoop(file);
    const { attributes, ...device } = onDevice(loop.path);
    using disk = await newMount({ ...device, attributes: attributes | readOnly, data: 'noload' });
    return treeIn(mounts().attach(disk, as)).upper;
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

/** A second view: what a start itself does with the disk it does as it is. */
async function attachShown(
  { fd }: DetachedMount,
  place: Place,
  mounts: PrivateMounts,
  view: ForHost,
): Promise<string> {
  using shown = mounts.within(() => cloneMount(fd, place.folder));
  await view(shown);
  const name = `shown-${place.key}`;
  mounts.attach(shown, name);
  return name;
}

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

const mountName = ({ key }: Place): string => `disk-${key}`;

const onDevice = (source: string) =>
  ({ type: 'ext4', source, data: '', attributes: MountAttr.noSuid | MountAttr.noDev }) as const;

function withSpare(
  work: (folder: string) => void,
  { mounts, folder }: { readonly mounts: PrivateMounts } & Pick<MountedImage, 'folder'>,
  path: string,
  tell: Opening['tell'],
): void {
  try {
    mounts.within(() => work(folder));
  } catch (error) {
    tell([`the inodes that ${path} keeps for its starts are not in order: ${String(error)}`]);
  }
}
