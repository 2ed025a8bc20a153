// A layer without limits: a folder of the host.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { isOnBtrfs } from '../../host/btrfs.js';
import { diskBelow } from '../../host/disks.js';
import { HostQuotas } from '../../host/quota.js';
import { otherDomain } from '../contract/backend.js';
import { idsAt } from './ids.js';
import type { Layer } from './layer.js';
import { copyTree, makeFolder, makeTree, occupiedBy, openTree, treeIn, treePath } from './tree.js';

export const folder: Layer = {
  suits: ({ roots, limit }) => limit === undefined && !isOnBtrfs(roots),
  countsUsers({ roots }) {
    using quotas = new HostQuotas(roots);
    return quotas.enforces('user') || quotas.enforces('group');
  },
  isAt: (place) => existsSync(treePath(place)),
  files: (place) => [treePath(place)],
  create: (place, making) => makeTree(treePath(place), place, making),
  open: (place, opening) => openTree(place, opening),
  async copy(from, to, copying) {
    await makeFolder(treePath(to));
    return await copyTree(treePath(from), treePath(to), copying);
  },
  look: async (place) => treeIn(treePath(place)).upper,
  tree: (place) => treeIn(treePath(place)).upper,
  occupied: (place) => occupiedBy(treePath(place)),
  keeping(place) {
    const tree = treePath(place);
    const measure = (): Promise<number> => occupiedBy(tree);
    const how = { how: 'a folder of the host: not limited', isWhole: false, measure };
    const isOwn = existsSync(tree) && idsAt(place, tree) === 'container';
    return isOwn ? { ...how, uncounted } : { ...how, counted: tree };
  },
  disks: (place) => diskBelow(treePath(place)),
};

const uncounted = `its file system did not enforce quotas of users when it was made, so that its files have the same ids on disk as those of other containers: mount that with usrquota,grpquota (and of ext4 \`tune2fs -O quota\` before), on a kernel that has CONFIG_QFMT_V2 or XFS_QUOTA, and then ${otherDomain}`;
