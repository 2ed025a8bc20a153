// Templates, and the layers above them, as storage pools: what clients see of them.
// SPDX-License-Identifier: Apache-2.0
import { statfs } from 'node:fs/promises';
import { formatDocument } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { type FilterFlag, filtered, listed } from '../words/list-flags.js';
import { refusal } from '../words/refusal.js';
import { findPool, poolsOf, toWirePool } from './pools.js';

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

/** Always active and persistent; sizes are those of the file system that a pool lies on, in bytes. */
export const bindPool: Bind = (binding) => {
  const pools = poolsOf(binding);
  return {
    connectNumOfStoragePools: () => ({ num: pools.length }),
    connectListStoragePools: ({ maxnames }) => ({
      names: pools.map(({ name }) => name).slice(0, Math.max(0, maxnames)),
    }),
    connectNumOfDefinedStoragePools: () => ({ num: 0 }),
    connectListDefinedStoragePools: () => ({ names: [] }),
    connectListAllStoragePools({ needResults, flags }) {
      const { items, ret } = listed(filtered(pools, flags, filters), needResults);
      return { pools: items.map(toWirePool), ret };
    },
    storagePoolLookupByName: ({ name }) => ({ pool: toWirePool(findPool(pools, { name })) }),
    storagePoolLookupByUuid: ({ uuid }) => ({ pool: toWirePool(findPool(pools, { uuid })) }),
    storagePoolLookupByTargetPath({ path }) {
      const found = pools.find((pool) => pool.path === path.replace(/\/+$/, ''));
      if (found === undefined)
        throw refusal('noStoragePool', 'storage', `no storage pool with matching target path '${path}'`);
      return { pool: toWirePool(found) };
    },
    async storagePoolGetInfo({ pool: { uuid } }) {
      return { state: poolRunning, ...(await spaceAt(findPool(pools, { uuid }).path)) };
    },
    async storagePoolGetXmlDesc({ pool: { uuid } }) {
      const pool = findPool(pools, { uuid });
      const { capacity, allocation, available } = await spaceAt(pool.path);
      const xml = formatDocument('pool', {
        type: 'dir',
        ...toWirePool(pool),
        capacityBytes: Number(capacity),
        allocationBytes: Number(allocation),
        availableBytes: Number(available),
        source: {},
        target: { path: pool.path, permissions: { mode: 0o700, owner: 0, group: 0 } },
      });
      return { xml };
    },
    storagePoolGetAutostart({ pool: { uuid } }) {
      findPool(pools, { uuid });
      return { autostart: 1 };
    },
    storagePoolIsActive({ pool: { uuid } }) {
      findPool(pools, { uuid });
      return { active: 1 };
    },
    storagePoolIsPersistent({ pool: { uuid } }) {
      findPool(pools, { uuid });
      return { persistent: 1 };
    },
  };
};
