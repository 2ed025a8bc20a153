// The writable layer of a container: a plain folder, or an image of its own when its size or its inodes are limited.
// SPDX-License-Identifier: Apache-2.0
import { chmod, chown, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { type Disk, diskBelow, loopsOver } from '../host/disks.js';
import { attachLoop } from '../host/loop.js';
import { MountFlag, mount } from '../host/syscalls.js';
import type { Undo } from '../host/undo.js';
import {
  type FilesystemSpec,
  hostId,
  type Keeping,
  type KeptContext,
  type StorageContext,
} from './backend.js';
import { fitImage, growMounted, keepBlocks, limitSpace, makeImage, usageOfImage } from './image.js';
import { mountPoint } from './mounting.js';

const imagePath = (spec: FilesystemSpec, context: KeptContext): string =>
  join(context.keep, `${spec.key}.img`);
const folderPath = (spec: FilesystemSpec, context: KeptContext): string =>
  join(context.keep, `${spec.key}.layer`);

/** Makes the layer; the root of the container's tree takes owner and mode from `model`, the template's root. */
export async function createUpper(
  spec: FilesystemSpec,
  context: StorageContext,
  model: string,
): Promise<void> {
  const staging = join(context.keep, `.layer-${spec.key}`);
  const clear = async (...more: string[]): Promise<void> => {
    for (const path of [staging, ...more]) await rm(path, { recursive: true, force: true });
  };
  // Nothing the lease knows of lies here: at most what an interrupted redefinition left.
  const made = [folderPath(spec, context), imagePath(spec, context)];
  await clear(...made);
  try {
    if (spec.limit === undefined) await makeLayerFolders(folderPath(spec, context), context, model);
    else {
      await makeLayerFolders(staging, context, model);
      await makeImage(imagePath(spec, context), spec.limit, staging);
    }
  } catch (error) {
    await clear(...made);
    throw error;
  }
  await clear();
}

/** Paths of the layer's `upper` and `work` folders, mounted if it is an image. */
export async function openUpper(
  spec: FilesystemSpec,
  context: StorageContext,
  undo: Undo,
): Promise<{ upper: string; work: string; settle?: () => Promise<void> }> {
  if (spec.limit === undefined) {
    const folder = folderPath(spec, context);
    return { upper: join(folder, 'upper'), work: join(folder, 'work') };
  }
  const image = imagePath(spec, context);
  await fitImage(image, spec.limit);
  const target = mountPoint(spec, context, 'disk', undo);
  using device = attachLoop(image);
  // discard gives the host back what the container deletes. What is reserved is nobody's: overlay writes as the host's root.
  const options = 'discard,resuid=65534';
  await mount(device.path, target, 'ext4', MountFlag.noSuid | MountFlag.noDev, options);
  // overlay needs some for itself, and is read-only for good where it finds none.
  await keepBlocks(device.path, 0);
  const { path } = device;
  return {
    upper: join(target, 'upper'),
    work: join(target, 'work'),
    settle: () => limitSpace(path, target, image, spec.limit),
  };
}

/** Changes the limit of a layer that is open: made larger, or the rest of it kept from the container. */
export async function relimitUpper(
  spec: FilesystemSpec,
  context: KeptContext & Pick<StorageContext, 'mounts'>,
  undo: Undo,
): Promise<void> {
  const image = imagePath(spec, context);
  const [loop] = loopsOver(image);
  if (spec.limit === undefined || loop === undefined)
    throw new EngineError('internal', `${image} is not mounted`);
  const device = `/dev/${loop.name}`;
  // Of a file system that only the container still sees, to be found by those who change it.
  const target = mountPoint(spec, context, 'disk', undo);
  await mount(device, target, 'ext4', MountFlag.noSuid | MountFlag.noDev, '');
  await growMounted(image, device, spec.limit);
  await limitSpace(device, target, image, spec.limit);
}

export function upperKeeping(spec: FilesystemSpec, context: KeptContext): Keeping {
  return spec.limit === undefined
    ? { how: 'a folder of the host: not limited', isWhole: false }
    : {
        how: 'an ext4 image of its own',
        isWhole: true,
        atRest: () => usageOfImage(imagePath(spec, context)),
      };
}

/** Of an image the loop device, through which all of it goes; the disk below sees the cache of the image's file. */
export function upperDisks(spec: FilesystemSpec, context: KeptContext): Disk[] {
  return spec.limit === undefined
    ? diskBelow(folderPath(spec, context))
    : loopsOver(imagePath(spec, context));
}

async function makeLayerFolders(folder: string, context: StorageContext, model: string): Promise<void> {
  const root = await stat(model);
  const upper = join(folder, 'upper');
  // One by one: Node's recursive mkdir tells a full disk as a missing folder.
  for (const path of [folder, upper, join(folder, 'work')]) await mkdir(path, { mode: 0o700 });
  await chown(upper, hostId(context.map.uid, root.uid), hostId(context.map.gid, root.gid));
  await chmod(upper, root.mode & 0o7777);
}
