// The ext4 file system of a layer on a device: opened for a container, limited, held, trimmed, and looked at.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import {
  cloneMount,
  type DetachedMount,
  MountAttr,
  newMount,
  setMountAttributes,
} from '../../host/mount-calls.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import type { DiskLimit, ForHost } from '../contract/backend.js';
import { type Mounted, thaw, whileFrozen } from '../ext4/freeze.js';
import type { ImageFile } from '../ext4/image-file.js';
import { growMounted, keepBlocks, limitSpace, type MountedImage } from '../ext4/mounted.js';
import { freeSpare, keepSpare } from '../ext4/spare.js';
import { idsAt, viewFor } from './ids.js';
import type { Copying, Freezing, Opening, OpenLayer, Place, Relimiting, Trimming } from './layer.js';
import { treeIn } from './tree.js';

/** `path` is what people know it by. */
export async function openDisk(
  { device, path }: { readonly device: string; readonly path: string },
  place: Place,
  opening: Opening,
): Promise<OpenLayer> {
  const { mounts, tell } = opening;
  // discard gives the host back what the container deletes. What is reserved is nobody's: overlay writes as the host's root. What is
  // found damaged is not written to any more, which the container sees: its next start repairs it.
  const data = 'discard,resuid=65534,errors=remount-ro';
  using disk = await newMount({ ...onDevice(device), data });
  const mounted = { device, folder: mounts.attach(disk, mountName(place)), mounts };
  // overlay needs some for itself, and is read-only for good where it finds none.
  await keepBlocks(mounted, 0);
  withSpare(freeSpare, mounted, path, tell);
  return {
    ...(await showDisk(disk, place, opening)),
    settle: async (wanted) => {
      withSpare(keepSpare, mounted, path, tell);
      await limitSpace(mounted, path, wanted);
    },
  };
}

/** Of one that is attached: under a second name, as whoever is going to see it has to. What a start itself does it does with the first. */
export async function showDisk(disk: DetachedMount, place: Place, opening: Opening): Promise<OpenLayer> {
  const { mounts } = opening;
  const ids = mounts.within(() => idsAt(place, mountName(place)));
  const view = viewFor(ids, opening);
  return treeIn(view === undefined ? mountName(place) : await attachShown(disk, place, mounts, view));
}

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

/** Changes the limit of one that a container has open. */
export async function relimitDisk(
  { device, image }: { readonly device: string; readonly image: ImageFile },
  place: Place,
  limit: DiskLimit,
  { mounts, tell }: Relimiting,
): Promise<void> {
  // Of a file system that only the container still sees, to be found by those who change it.
  using disk = await newMount(onDevice(device));
  const mounted = { device, folder: mounts.attach(disk, mountName(place)), mounts };
  await growMounted(mounted, image, limit);
  await limitSpace(mounted, image.path, limit, tell);
}

export async function lookAtDisk(
  { device, isOpen }: { readonly device: string; readonly isOpen: boolean },
  { mounts, as }: Pick<Copying, 'mounts'> & { readonly as: string },
): Promise<string> {
  const { attributes, ...mount } = onDevice(device);
  const readOnly = MountAttr.readOnly;
  using disk = await newMount(
    isOpen ? onDevice(device) : { ...mount, attributes: attributes | readOnly, data: 'noload' },
  );
  if (isOpen) setMountAttributes(disk, readOnly);
  return treeIn(mounts().attach(disk, as)).upper;
}

/** A disk that may be open. */
interface Found {
  /** Undefined where nothing has it mounted. */
  readonly device: string | undefined;
  /** What people know it by. */
  readonly path: string;
}

/** Of a file system that only the container still sees, to be found by its device; false where nobody has it open. */
export async function whileOpen(
  { device, path }: Found,
  place: Place,
  { mounts, as }: Pick<Copying, 'mounts'> & { readonly as: string },
  work: (mounted: Mounted) => Promise<void>,
): Promise<boolean> {
  if (device === undefined) return false;
  const moment = mounts();
  using disk = await newMount(onDevice(device));
  await work({ mounts: moment, folder: moment.attach(disk, `${as}-${place.key}`), path });
  return true;
}

export async function freezeDisk(
  found: Found,
  place: Place,
  { mounts, limitMs }: Freezing,
  work: () => Promise<void>,
): Promise<void> {
  const freeze = async (mounted: Mounted): Promise<void> => void (await whileFrozen(mounted, limitMs, work));
  if (!(await whileOpen(found, place, { mounts, as: 'frozen' }, freeze))) throw notMounted(found.path);
}

/** Lets writers go on whom a killed daemon holds still; returns whether somebody did. */
export async function letGoDisk(found: Found, place: Place, mounts: Copying['mounts']): Promise<boolean> {
  let wasHeld = false;
  await whileOpen(found, place, { mounts, as: 'held' }, async (mounted) => {
    wasHeld = thaw(mounted);
  });
  return wasHeld;
}

/** A large one on a slow disk. */
const TRIM_MS = 600_000;

export async function trimDisk(found: Found, place: Place, { mounts, leastBytes }: Trimming): Promise<void> {
  const trim = async ({ mounts: moment, folder }: Mounted): Promise<void> =>
    void (await moment.run(['/sbin/fstrim', '--minimum', String(leastBytes), '--', folder], {
      timeoutMs: TRIM_MS,
    }));
  if (!(await whileOpen(found, place, { mounts, as: 'trimmed' }, trim))) throw notMounted(found.path);
}

export const notMounted = (path: string): EngineError =>
  new EngineError('internal', `${path} is not mounted`);

export const mountName = ({ key }: Place): string => `disk-${key}`;

export const onDevice = (source: string) =>
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
