// Opens what a container gets for files: its file systems, memory, and second views of its own folders, each by descriptor.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync } from 'node:fs';
import { InsidePaths, refuseTarget } from '../../guest/inside.js';
import { cloneMount, MountAttr, newMountNow, setMountAttributes } from '../../host/mount-calls.js';
import type { Undo } from '../../host/undo.js';
import type { InnerMount, RunPlan } from '../../lifecycle/plan.js';
import { readyDataset, zfsDevice } from '../../storage/datasets.js';
import { backends, type FilesystemSpec, hostId, type OpenContext } from '../../storage/index.js';
import { bindAttributes, memoryOptions } from '../../storage/sources/inner.js';
import type { OpenedFilesystem, WorkFolder } from './config.js';
import { type OpenedDevice, openDevices } from './facets/devices.js';
import { inMountOrder, type Placed } from './mount-order.js';

const O_PATH = 0o10000000;

/** File systems and the work folder of a start. */
export interface OpenedFiles {
  /** In the order in which they are to be mounted. */
  readonly filesystems: readonly OpenedFilesystem[];
  readonly devices: readonly OpenedDevice[];
  /** Where init begins, if its document says so. */
  readonly workFolder: WorkFolder | undefined;
}

/** Opens all files of a start; what has to be closed again goes on `undo`. */
export async function openFiles(plan: RunPlan, context: OpenContext, undo: Undo): Promise<OpenedFiles> {
  const opened: OpenedFilesystem[] = [];
  const inside = new InsidePaths();
  const placed = (target: string): string => {
    const found = inside.resolve(target);
    refuseTarget(found);
    return found;
  };
  const add = (target: string, path: string, root: number, readOnly: boolean): void => {
    inside.add(target, root);
    opened.push({ target, path, readOnly, isFile: isFile(root) });
  };
  for (const { spec, mount, name } of inMountOrder(mountsOf(plan))) {
    if (spec !== undefined) {
      const { path, root } = await backends[spec.kind].open(spec, context, undo);
      add(spec.target === '/' ? '/' : placed(spec.target), path, root, spec.readOnly);
    } else {
      const target = placed(mount.target);
      const { path, root } =
        mount.kind === 'bind' ? openView(mount, name, inside, context) : openMemory(mount, name, context);
      undo.push(() => closeSync(root));
      add(target, path, root, mount.readOnly);
    }
  }
  inside.refuseKernel(plan.program[0]);
  return {
    filesystems: opened,
    devices: openDevices(await withDatasets(plan), context),
    workFolder: openWorkFolder(plan.workFolder, inside, context),
  };
}

/** Its root administers datasets through a device. */
async function withDatasets({ devices, datasets }: RunPlan): Promise<string[]> {
  for (const name of datasets) await readyDataset(name);
  return [...new Set([...devices, ...(datasets.length > 0 ? [zfsDevice] : [])])];
}

type PlannedMount =
  | { readonly spec: FilesystemSpec; readonly mount?: undefined; readonly name?: undefined }
  | { readonly spec?: undefined; readonly mount: InnerMount; readonly name: string };

/** Those of the host, then those of the container's own; the latter with a name among the start's mounts. */
const mountsOf = ({ filesystems, innerMounts }: RunPlan): (PlannedMount & Placed)[] => [
  ...filesystems.map((spec) => ({ spec, target: spec.target })),
  ...innerMounts.map((mount, index) => ({
    mount,
    name: `${mount.kind}-${index}`,
    target: mount.target,
    view: mount.kind === 'bind' ? mount.source : undefined,
  })),
];

/** A second view of one of its own folders or files. */
function openView(
  mount: InnerMount,
  name: string,
  inside: InsidePaths,
  context: OpenContext,
): { path: string; root: number } {
  const path = attachAgain(inside.open(mount.source), mount.source, name, context, bindAttributes(mount));
  return { path, root: inside.open(mount.source) };
}

/**
 * liblxc changes to it by its name, with descriptors of the host's still open: by a link to /proc/self/fd that would be a folder
 * of the host. What is opened here is what init has to be found in before it runs.
 */
function openWorkFolder(
  path: string | undefined,
  inside: InsidePaths,
  context: OpenContext,
): WorkFolder | undefined {
  if (path === undefined || path === '/') return undefined;
  return { inside: inside.refuseKernel(path), path: attachAgain(inside.open(path), path, 'work', context) };
}

const isFile = (fd: number): boolean => !fstatSync(fd).isDirectory();

/** A second mount of one of the container's own folders or files, which is closed. */
function attachAgain(
  folder: number,
  source: string,
  name: string,
  { mounts }: OpenContext,
  attributes = 0,
): string {
  try {
    // Copied where it is mounted: by its descriptor alone the kernel takes it for a stranger's.
    using copy = mounts.within(() => cloneMount(folder, source));
    if (attributes !== 0) setMountAttributes(copy, attributes);
    return mounts.attach(copy, name);
  } finally {
    closeSync(folder);
  }
}

function openMemory(
  mount: InnerMount,
  name: string,
  { mounts, map }: OpenContext,
): { path: string; root: number } {
  const { attributes, data } = memoryOptions(mount);
  const owner = ['uid=0', 'gid=0'];
  // As the container counts its users; of two the last one counts.
  const mapped = [...owner, ...data].map((option) => {
    const [, kind, id] = /^([ug]id)=(\d+)$/.exec(option) ?? [];
    return id === undefined ? option : `${kind}=${hostId(kind === 'uid' ? map.uid : map.gid, Number(id))}`;
  });
  using memory = newMountNow({
    type: 'tmpfs',
    source: 'tmpfs',
    data: ['mode=1777', ...mapped].join(),
    attributes: MountAttr.noSuid | attributes,
  });
  return { path: mounts.attach(memory, name), root: openSync(`/proc/self/fd/${memory.fd}`, O_PATH) };
}
