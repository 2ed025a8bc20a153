// A subvolume of the host's btrfs: copied in constant time, and limited where the host counts what subvolumes hold.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { EngineError } from '../../errors.js';
import {
  copySubvolume,
  countsSubvolumes,
  createSubvolume,
  heldBySubvolume,
  isOnBtrfs,
  isSubvolume,
  limitSubvolume,
} from '../../host/btrfs.js';
import type { DiskLimit } from '../contract/backend.js';
import { btrfsStreams, forgetCopies } from './btrfs-streams.js';
import { folder } from './folder.js';
import type { Layer } from './layer.js';
import { makeTree, openTree, treePath } from './tree.js';

export const btrfs: Layer = {
  suits({ roots, limit }) {
    if (!isOnBtrfs(roots) || limit?.inodes !== undefined) return false;
    return limit === undefined || countsSubvolumes(roots);
  },
  isAt: (place) => isSubvolume(treePath(place)),
  files: folder.files,

  create: (place, making) => makeTree(treePath(place), place, making, createSubvolume),

  async open(place, opening) {
    const layer = await openTree(place, opening);
    if (opening.limit === undefined) return layer;
    // What the start itself writes is not refused.
    await limitBytes(treePath(place), { ...opening.limit, bytes: undefined });
    return { ...layer, settle: (limit) => limitBytes(treePath(place), limit) };
  },

  relimit: (place, limit) => limitBytes(treePath(place), limit),

  /** Of one moment whoever writes, and held by nobody. */
  async copy(from, to) {
    await copySubvolume(treePath(from), treePath(to));
    return 0;
  },
  look: folder.look,
  streams: btrfsStreams,
  forgetStreams: forgetCopies,
  /** What it shares takes none, and who finds no room for a change is told so. */
  occupied: async () => 0,

  keeping(place) {
    const path = treePath(place);
    const bytes = existsSync(path) ? heldBySubvolume(path) : undefined;
    if (bytes === undefined) return { how: 'a subvolume of btrfs: not limited', isWhole: false };
    return {
      how: 'a subvolume of btrfs',
      isWhole: false,
      tells: () => ({ bytes: heldBySubvolume(path) ?? bytes, inodes: undefined }),
    };
  },

  disks: folder.disks,
};

async function limitBytes(path: string, limit: DiskLimit | undefined): Promise<void> {
  if (limit?.inodes !== undefined)
    throw new EngineError('unsupported', 'btrfs counts no files, so that their number cannot be limited', {
      path,
    });
  await limitSubvolume(path, limit?.bytes);
}
