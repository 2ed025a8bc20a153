// A folder of the host with a project of its own: the quotas of the host's file system keep its limits.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diskBelow } from '../../host/disks.js';
import { freeProject, type ProjectRange, projectOf, setProject } from '../../host/projects.js';
import { HostQuotas } from '../../host/quota.js';
import type { DiskLimit } from '../contract/backend.js';
import { folder } from './folder.js';
import type { Layer } from './layer.js';
import { copyTree, makeFolder, makeTree, openTree, treeIn, treePath } from './tree.js';

export const project: Layer = {
  suits({ roots, limit, projectIds }) {
    if (limit === undefined || projectIds === undefined) return false;
    using quotas = new HostQuotas(roots);
    return quotas.enforces('project');
  },
  countsUsers: () => true,
  isAt: (place) => existsSync(treePath(place)) && ownProject(treePath(place)) !== undefined,
  files: folder.files,

  async create(place, making) {
    await makeTree(treePath(place), place, making, async (path) => {
      await makeFolder(path);
      giveProject(path, making.projectIds);
    });
  },

  async open(place, opening) {
    const layer = await openTree(place, opening);
    // What the start itself writes is not refused.
    limitProject(treePath(place), undefined);
    return { ...layer, settle: async (limit) => limitProject(treePath(place), limit) };
  },

  async relimit(place, limit) {
    limitProject(treePath(place), limit);
  },

  /** What is to be run has a project of its own; what is only kept counts against nothing. */
  async copy(from, to, copying) {
    const path = treePath(to);
    await makeFolder(path);
    if (copying.toRun !== undefined) giveProject(path, copying.toRun.projectIds);
    return await copyTree(treePath(from), path, copying);
  },
  look: folder.look,
  tree: (place) => treeIn(treePath(place)).upper,
  occupied: folder.occupied,

  keeping(place) {
    const counted = treePath(place);
    const number = existsSync(counted) ? ownProject(counted) : undefined;
    if (number === undefined) return folder.keeping(place);
    return {
      how: `project ${number} of the host's quotas`,
      isWhole: false,
      counted,
      tells: () => {
        using quotas = new HostQuotas(counted);
        const { bytes, inodes } = quotas.entry('project', number);
        return { bytes, inodes };
      },
    };
  },

  disks: (place) => diskBelow(treePath(place)),

  /** The kernel keeps them whether or not anything is left to limit. */
  release(of) {
    for (const name of readdirSync(of).filter((each) => each.endsWith('.layer')))
      limitProject(join(of, name), undefined);
  },
};

const none = { start: 0, count: 0 };

/** Found and given in one turn, so that no other layer is given the same. */
function giveProject(path: string, projectIds: ProjectRange = none): void {
  using quotas = new HostQuotas(path);
  setProject(path, freeProject(projectIds, quotas));
}

/** Undefined where it has none, or only that of all around it, which is the administrator's. */
function ownProject(path: string): number | undefined {
  const found = projectOf(path);
  return found === projectOf(dirname(path)) ? undefined : found;
}

/** Of a folder that has a project; of another there is nothing to limit. */
function limitProject(path: string, limit: DiskLimit | undefined): void {
  const number = ownProject(path);
  if (number === undefined) return;
  using quotas = new HostQuotas(path);
  const bound = (hard: number | undefined) => ({ soft: undefined, hard });
  quotas.set('project', number, bound(limit?.bytes), bound(limit?.inodes));
}
