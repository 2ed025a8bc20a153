// A layer without limits: a folder of the host.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { isOnBtrfs } from '../../host/btrfs.js';
import { diskBelow } from '../../host/disks.js';
import type { Layer } from './layer.js';
import { makeTree, openTree, treePath } from './tree.js';

export const folder: Layer = {
  suits: ({ roots, limit }) => limit === undefined && !isOnBtrfs(roots),
  isAt: (place) => existsSync(treePath(place)),
  files: (place) => [treePath(place)],
  create: (place, making) => makeTree(treePath(place), making),
  open: (place, opening) => openTree(place, opening),
  keeping: (place) => ({
    how: 'a folder of the host: not limited',
    isWhole: false,
    counted: treePath(place),
  }),
  disks: (place) => diskBelow(treePath(place)),
};
