// Opens what a container gets for files: its file systems, memory, and second views of its own folders, each by descriptor.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs';
import { InsidePaths, refuseTarget } from '../../guest/inside.js';
import { attachMount, cloneMount, MountAttr, newMountNow } from '../../host/mount-calls.js';
import type { Undo } from '../../host/undo.js';
import type { InnerMount, RunPlan } from '../../lifecycle/plan.js';
import { backends, hostId, type OpenContext } from '../../storage/index.js';
import type { OpenedFilesystem, WorkFolder } from './config.js';

const O_PATH = 0o10000000;

/** File systems and the work folder of a start. */
export interface OpenedFiles {
  /** In the order in which they are to be mounted. */
  readonly filesystems: readonly OpenedFilesystem[];
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
    opened.push({ target, path, readOnly: spec.readOnly });
  }
  for (const [index, mount] of plan.innerMounts.entries()) {
    const target = placed(mount.target);
    const name = `${mount.kind}-${index}`;
    if (mount.kind === 'bind') {
      const path = attachAgain(inside.open(mount.source), mount.source, name, context);
      opened.push({ target, path, readOnly: mount.readOnly });
    } else {
      const { path, root } = openMemory(mount, name, context);
      undo.push(() => closeSync(root));
      inside.add(target, root);
      opened.push({ target, path, readOnly: mount.readOnly });
    }
  }
  inside.refuseKernel(plan.program[0]);
  return { filesystems: opened, workFolder: openWorkFolder(plan.workFolder, inside, context) };
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

/** A second mount of one of the container's own folders, which is closed. */
function attachAgain(folder: number, source: string, name: string, { mounts }: OpenContext): string {
  try {
    return mounts.within(() => {
      const path = mounts.folderFor(name);
      using copy = cloneMount(folder, source);
      attachMount(copy, path);
      return path;
    });
  } finally {
    closeSync(folder);
  }
}

function openMemory(
  { sizeKiB, readOnly }: InnerMount,
  name: string,
  { mounts, map }: OpenContext,
): { path: string; root: number } {
  using memory = newMountNow({
    type: 'tmpfs',
    source: 'tmpfs',
    data: `mode=1777,uid=${hostId(map.uid, 0)},gid=${hostId(map.gid, 0)}${sizeKiB === undefined ? '' : `,size=${sizeKiB}k`}`,
    attributes: MountAttr.noSuid | MountAttr.noDev | (readOnly ? MountAttr.readOnly : 0),
  });
  return { path: mounts.attach(memory, name), root: openSync(`/proc/self/fd/${memory.fd}`, O_PATH) };
}

const depth = (path: string): number => path.split('/').filter((part) => part !== '').length;
