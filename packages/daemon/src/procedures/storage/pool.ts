// The templates as a storage pool: clients see and choose them, ctvirt's own commands import and remove them.
// SPDX-License-Identifier: Apache-2.0
import { statfs } from 'node:fs/promises';
import { formatDocument } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { type FilterFlag, filtered, listed } from '../words/list-flags.js';
import { refusal } from '../words/refusal.js';
import { checkPool, pool, poolName } from './the-pool.js';

/** virStoragePoolState. */
const poolRunning = 2;
const always = (): boolean => true;
const never = (): boolean => false;

/** virConnectListAllStoragePoolsFlags: groups of state, persistence and autostart; then a bit for each kind of pool. */
const filters: readonly (readonly FilterFlag<unknown>[])[] = [
  [
    [1, never],
    [2, always],
  ],
  [
    [4, always],
    [8, never],
  ],
  [
    [16, always],
    [32, never],
  ],
  [[64, always], ...Array.from({ length: 14 }, (_, at): FilterFlag<unknown> => [128 << at, never])],
];

/** The space of the file system that the folder lies on. */
async function spaceAt(folder: string) {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  return {
    capacity: BigInt(blocks) * BigInt(bsize),
    allocation: BigInt(blocks - bfree) * BigInt(bsize),
    available: BigInt(bavail) * BigInt(bsize),
  };
}

/** One pool, always active and persistent; sizes are those of the file system it lies on, in bytes. */
export const bindPool: Bind = ({ templatesFolder }) => ({
  connectNumOfStoragePools: () => ({ num: 1 }),
  connectListStoragePools: ({ maxnames }) => ({ names: [poolName].slice(0, Math.max(0, maxnames)) }),
  connectNumOfDefinedStoragePools: () => ({ num: 0 }),
  connectListDefinedStoragePools: () => ({ names: [] }),
  connectListAllStoragePools({ needResults, flags }) {
    const { items, ret } = listed(filtered([pool], flags, filters), needResults);
    return { pools: items, ret };
  },
  storagePoolLookupByName({ name }) {
    checkPool({ name });
    return { pool };
  },
  storagePoolLookupByUuid({ uuid }) {
    checkPool({ uuid });
    return { pool };
  },
  storagePoolLookupByTargetPath({ path }) {
    if (path.replace(/\/+$/, '') !== templatesFolder)
      throw refusal('noStoragePool', 'storage', `no storage pool with matching target path '${path}'`);
    return { pool };
  },
  async storagePoolGetInfo({ pool: asked }) {
    checkPool(asked);
    return { state: poolRunning, ...(await spaceAt(templatesFolder)) };
  },
  async storagePoolGetXmlDesc({ pool: asked }) {
    checkPool(asked);
    const { capacity, allocation, available } = await spaceAt(templatesFolder);
    const xml = formatDocument('pool', {
      type: 'dir',
      ...pool,
      capacityBytes: Number(capacity),
      allocationBytes: Number(allocation),
      availableBytes: Number(available),
      source: {},
      target: { path: templatesFolder, permissions: { mode: 0o700, owner: 0, group: 0 } },
    });
    return { xml };
  },
  storagePoolGetAutostart({ pool: asked }) {
    checkPool(asked);
    return { autostart: 1 };
  },
  storagePoolIsActive({ pool: asked }) {
    checkPool(asked);
    return { active: 1 };
  },
  storagePoolIsPersistent({ pool: asked }) {
    checkPool(asked);
    return { persistent: 1 };
  },
});
