// The writable layer of a container: a folder, which a project of the host's quotas may limit, or an image of its own that is the limit.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, existsSync, openSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { type Disk, diskBelow, loopsOver } from '../host/disks.js';
import { attachLoop, openImage } from '../host/loop.js';
import { cloneMount, MountAttr, newMount } from '../host/mount-calls.js';
import { freeProject, type ProjectRange, projectOf, setProject } from '../host/projects.js';
import { HostQuotas } from '../host/quota.js';
import {
  type DiskLimit,
  type FilesystemSpec,
  hostId,
  type Keeping,
  type KeptContext,
  type OpenContext,
  type StorageContext,
} from './backend.js';
import { fitImage, growMounted, keepBlocks, limitSpace, makeImage, usageOfImage } from './image.js';
import { freeSpare, keepSpare } from './spare.js';

const imagePath = (spec: FilesystemSpec, context: KeptContext): string =>
  join(context.keep, `${spec.key}.img`);
const folderPath = (spec: FilesystemSpec, context: KeptContext): string =>
  join(context.keep, `${spec.key}.layer`);

/** What was made stays: whether a limit is an image or a project is found where the layer lies. */
const isImage = (spec: FilesystemSpec, context: KeptContext): boolean =>
  spec.limit !== undefined && existsSync(imagePath(spec, context));

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
    const projects = spec.limit === undefined ? undefined : projectsAt(context);
    if (spec.limit === undefined || projects !== undefined)
      await makeLayerFolders(folderPath(spec, context), context, model, projects);
    else {
      await makeLayerFolders(staging, context, model);
      keepSpare(staging);
      await makeImage(imagePath(spec, context), spec.limit, staging);
    }
  } catch (error) {
    await clear(...made);
    throw error;
  }
  await clear();
}

interface Layer {
  readonly upper: string;
  readonly work: string;
}

/** The layer's folders, by names below the folder of the start's mounts; `settle` puts its limit in force. */
export async function openUpper(
  spec: FilesystemSpec,
  context: OpenContext,
): Promise<{ layer: Layer; settle?: () => Promise<void> }> {
  if (spec.limit === undefined || !isImage(spec, context)) {
    const folder = folderPath(spec, context);
    const { limit } = spec;
    const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      using copy = cloneMount(fd, folder);
      context.mounts.attach(copy, `layer-${spec.key}`);
    } finally {
      closeSync(fd);
    }
    const layer = layerIn(`layer-${spec.key}`);
    if (limit === undefined) return { layer };
    // As below: what the start itself writes is not refused.
    limitProject(folder, undefined);
    return { layer, settle: async () => limitProject(folder, limit) };
  }
  const { mounts } = context;
  const path = imagePath(spec, context);
  using image = await openImage(path);
  context.tell(await fitImage(path, spec.limit));
  using loop = attachLoop(image);
  const device = loop.path;
  // discard gives the host back what the container deletes. What is reserved is nobody's: overlay writes as the host's root. What is
  // found damaged is not written to any more, which the container sees: its next start repairs it.
  using disk = await newMount({ ...onDevice(device), data: 'discard,resuid=65534,errors=remount-ro' });
  const folder = mounts.attach(disk, `disk-${spec.key}`);
  // overlay needs some for itself, and is read-only for good where it finds none.
  const mounted = { device, folder, mounts };
  await keepBlocks(mounted, 0);
  const spare = (work: (folder: string) => void): void => {
    try {
      mounts.within(() => work(folder));
    } catch (error) {
      context.tell([`the inodes that ${path} keeps for its starts are not in order: ${String(error)}`]);
    }
  };
  spare(freeSpare);
  const settle = async (): Promise<void> => {
    spare(keepSpare);
    await limitSpace(mounted, path, spec.limit);
  };
  return { layer: layerIn(`disk-${spec.key}`), settle };
}

const layerIn = (folder: string): Layer => ({ upper: join(folder, 'upper'), work: join(folder, 'work') });

const onDevice = (source: string) =>
  ({ type: 'ext4', source, data: '', attributes: MountAttr.noSuid | MountAttr.noDev }) as const;

/** Changes the limit of a layer that is open: made larger, or the rest of it kept from the container. */
export async function relimitUpper(
  spec: FilesystemSpec,
  context: KeptContext & Pick<OpenContext, 'mounts'>,
): Promise<void> {
  if (!isImage(spec, context)) return limitProject(folderPath(spec, context), spec.limit);
  const { mounts } = context;
  const image = imagePath(spec, context);
  const [loop] = loopsOver(image);
  if (spec.limit === undefined || loop === undefined)
    throw new EngineError('internal', `${image} is not mounted`);
  const device = `/dev/${loop.name}`;
  // Of a file system that only the container still sees, to be found by those who change it.
  using disk = await newMount(onDevice(device));
  const mounted = { device, folder: mounts.attach(disk, `disk-${spec.key}`), mounts };
  await growMounted(mounted, image, spec.limit);
  await limitSpace(mounted, image, spec.limit);
}

export function upperKeeping(spec: FilesystemSpec, context: KeptContext): Keeping {
  if (isImage(spec, context))
    return {
      how: 'an ext4 image of its own',
      isWhole: true,
      atRest: () => usageOfImage(imagePath(spec, context)),
    };
  const counted = folderPath(spec, context);
  const project = existsSync(counted) ? projectOf(counted) : undefined;
  if (project === undefined) return { how: 'a folder of the host: not limited', isWhole: false, counted };
  return {
    how: `project ${project} of the host's quotas`,
    isWhole: false,
    counted,
    tells: () => {
      using quotas = new HostQuotas(counted);
      const { bytes, inodes } = quotas.entry('project', project);
      return { bytes, inodes };
    },
  };
}

/** The range to take a project from, where one was given and the file system of the layers enforces quotas of them. */
function projectsAt({ keep, projectIds }: StorageContext): ProjectRange | undefined {
  if (projectIds === undefined) return undefined;
  using quotas = new HostQuotas(keep);
  return quotas.enforces('project') ? projectIds : undefined;
}

/** Takes away the limits of the layers in a folder whose files are going to be erased: the kernel keeps them otherwise. */
export function releaseUppers(keep: string): void {
  for (const name of readdirSync(keep).filter((each) => each.endsWith('.layer')))
    limitProject(join(keep, name), undefined);
}

/** Of a folder that has a project; of another there is nothing to limit. */
function limitProject(folder: string, limit: DiskLimit | undefined): void {
  const project = projectOf(folder);
  if (project === undefined) return;
  using quotas = new HostQuotas(folder);
  const bound = (hard: number | undefined) => ({ soft: undefined, hard });
  quotas.set('project', project, bound(limit?.bytes), bound(limit?.inodes));
}

/** Of an image the loop device, through which all of it goes; the disk below sees the cache of the image's file. */
export function upperDisks(spec: FilesystemSpec, context: KeptContext): Disk[] {
  return isImage(spec, context) ? loopsOver(imagePath(spec, context)) : diskBelow(folderPath(spec, context));
}

async function makeLayerFolders(
  folder: string,
  context: StorageContext,
  model: string,
  projects?: ProjectRange,
): Promise<void> {
  const root = await stat(model);
  const upper = join(folder, 'upper');
  // One by one: Node's recursive mkdir tells a full disk as a missing folder.
  await mkdir(folder, { mode: 0o700 });
  if (projects !== undefined) {
    // Both in one turn, so that no other layer is given the same.
    using quotas = new HostQuotas(folder);
    setProject(folder, freeProject(projects, quotas));
  }
  for (const path of [upper, join(folder, 'work')]) await mkdir(path, { mode: 0o700 });
  await chown(upper, hostId(context.map.uid, root.uid), hostId(context.map.gid, root.gid));
  await chmod(upper, root.mode & 0o7777);
}
