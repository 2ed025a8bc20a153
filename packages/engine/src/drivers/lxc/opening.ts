// Opens what a container gets for files: its file systems, memory, and second views of its own folders, each by descriptor.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync } from 'node:fs';
import { InsidePaths, refuseTarget } from '../../guest/inside.js';
import { cloneMount, MountAttr, newMountNow, setMountAttributes } from '../../host/mount-calls.js';
import type { Undo } from '../../host/undo.js';
import type { InnerMount, RunPlan } from '../../lifecycle/plan.js';
import { backends, hostId, type OpenContext } from '../../storage/index.js';
import { bindAttributes, memoryOptions } from '../../storage/sources/inner.js';
import type { OpenedDevice, OpenedFilesystem, WorkFolder } from './config.js';
import { openDevices } from './devices.js';

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
  // Parents before what is mounted in them, whatever the order in the document.
  for (const spec of plan.filesystems.toSorted((a, b) => depth(a.target) - depth(b.target))) {
    const { path, root } = await backends[spec.kind].open(spec, context, undo);
    const target = spec.target === '/' ? '/' : placed(spec.target);
    inside.add(target, root);
    opened.push({ target, path, readOnly: spec.readOnly, isFile: isFile(root) });
  }
  for (const [index, mount] of plan.innerMounts.entries()) {
    const target = placed(mount.target);
    const name = `${mount.kind}-${index}`;
    if (mount.kind === 'bind') {
      const source = inside.open(mount.source);
      const kind = isFile(source);
      const path = attachAgain(source, mount.source, name, context, bindAttributes(mount));
      opened.push({ target, path, readOnly: mount.readOnly, isFile: kind });
    } else {
      const { path, root } = openMemory(mount, name, context);
      undo.push(() => closeSync(root));
      inside.add(target, root);
      opened.push({ target, path, readOnly: mount.readOnly, isFile: false });
    }
  }
  inside.refuseKernel(plan.program[0]);
  return {
    filesystems: opened,
    devices: openDevices(plan.devices, context),
    workFolder: openWorkFolder(plan.workFolder, inside, context),
  };
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

const depth = (path: string): number => path.split('/').filter((part) => part !== '').length;
