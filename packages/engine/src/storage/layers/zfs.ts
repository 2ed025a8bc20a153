// A dataset of ZFS: copied in constant time, and limited by what it refers to.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngineError } from '../../errors.js';
import { MountAttr, newMount, setMountAttributes } from '../../host/mount-calls.js';
import { nameVolume } from '../../host/volumes.js';
import { copyDataset, createDataset, datasetBelow, limitDataset, spaceOfDataset } from '../../host/zfs.js';
import type { DiskLimit } from '../contract/backend.js';
import { mountName, showDisk } from './ext4-disk.js';
import type { Layer, Opening } from './layer.js';
import { makeTree, treeIn } from './tree.js';
import { datasetOf, namePath, newIn, ofDataset } from './zfs-dataset.js';
import { forgetSent, zfsStreams } from './zfs-streams.js';

export const zfs: Layer = {
  suits({ roots, limit, pool }) {
    if (limit?.inodes !== undefined) return false;
    return pool === undefined ? datasetBelow(roots) !== undefined : pool.kind === 'zfs';
  },
  isAt: (place) => existsSync(namePath(place)),
  files: (place) => [namePath(place)],

  async create(place, making) {
    const parent = making.pool?.name ?? datasetBelow(place.folder);
    if (parent === undefined) throw new EngineError('internal', `${place.folder} lies on no dataset`);
    const name = newIn(parent);
    await nameVolume(namePath(place), { name });
    await createDataset(name);
    using disk = await newMount(ofDataset(name));
    // By its descriptor it is found while it is mounted nowhere.
    await makeTree(`/proc/self/fd/${disk.fd}`, place, making, (folder) => chmod(folder, 0o700));
  },

  async open(place, opening) {
    const { limit, mounts, tell } = opening;
    refuseInodes(limit);
    const name = datasetOf(place);
    const { held, most } = await spaceOfDataset(name);
    // What the start itself writes is not refused.
    if (most !== undefined && held + OF_A_START > most) await limitDataset(name, undefined);
    using disk = await newMount(ofDataset(name));
    mounts.attach(disk, mountName(place));
    return {
      ...(await showDisk(disk, place, opening)),
      settle: (wanted) => limitBytes(name, wanted, tell),
    };
  },

  relimit: (place, limit, { tell }) => limitBytes(datasetOf(place), limit, tell),

  /** Of one moment whoever writes, and held by nobody. */
  async copy(from, to) {
    const dataset = datasetOf(from);
    const name = newIn(dirname(dataset));
    await nameVolume(namePath(to), { name, from: dataset });
    await copyDataset(dataset, name);
    return 0;
  },
  async look(place, { mounts, as }) {
    using disk = await newMount(ofDataset(datasetOf(place)));
    setMountAttributes(disk, MountAttr.readOnly);
    return treeIn(mounts().attach(disk, as)).upper;
  },
  streams: zfsStreams,
  forgetStreams: forgetSent,
  /** What it shares takes none, and who finds no room for a change is told so. */
  occupied: async () => 0,

  async size(place) {
    const { held, most = held } = await spaceOfDataset(datasetOf(place));
    return { capacity: most, allocation: held };
  },
  keeping: (place) => ({
    how: 'a dataset of ZFS',
    isWhole: true,
    atRest: async () => ({ bytes: (await spaceOfDataset(datasetOf(place))).held, inodes: undefined }),
  }),

  /** Its pool may have many, and says itself what it writes where. */
  disks: () => [],
};

/** More than a start writes itself. */
const OF_A_START = 4 << 20;

/** What is written last may pass a limit by that: ZFS counts it only then. */
const OF_THE_LAST = 1 << 20;

/** What is there stays, and no more can be written: of a limit below that the rest is told where somebody listens, and else refused. */
async function limitBytes(
  name: string,
  limit: DiskLimit | undefined,
  tell: Opening['tell'] | undefined,
): Promise<void> {
  refuseInodes(limit);
  const { held, most } = await spaceOfDataset(name);
  if (most === limit?.bytes || (await limitDataset(name, limit?.bytes))) return;
  const isMore = limit?.bytes !== undefined && held - limit.bytes >= OF_THE_LAST;
  if (tell === undefined && isMore)
    throw new EngineError(
      'unsupported',
      `${name} holds ${held} bytes, and ZFS limits no dataset to less: remove some of its files first`,
      { name },
    );
  for (let tries = 5; !(await limitDataset(name, (await spaceOfDataset(name)).held)); tries--)
    if (tries === 0) throw new EngineError('busy', `${name} fills faster than it can be limited`);
  if (isMore)
    tell?.([
      `${name} holds ${held} bytes, and ZFS limits no dataset to less: until the next start it can hold that, and not only its limit of ${limit?.bytes}`,
    ]);
}

function refuseInodes(limit: DiskLimit | undefined): void {
  if (limit?.inodes !== undefined) throw new EngineError('unsupported', 'ZFS limits no number of files');
}
