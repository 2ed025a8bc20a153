// Templates, the layers above them, and folders of the host as storage pools: what clients see of them.
// SPDX-License-Identifier: Apache-2.0
import { statfs } from 'node:fs/promises';
import { EngineError } from '@ctvirt/engine';
import { formatDocument } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { type FilterFlag, filtered, listed } from '../words/list-flags.js';
import { refusal } from '../words/refusal.js';
import { findPool, type Pool, poolsOf, toWirePool } from './pools.js';

/** virStoragePoolState. */
const poolStates = { inactive: 0, running: 2 } as const;
const always = (): boolean => true;
const never = (): boolean => false;
const isActive = (pool: Pool): boolean => pool.isActive;

/** virConnectListAllStoragePoolsFlags: groups of state, persistence and autostart; then a bit for each kind of pool. */
const filters: readonly (readonly FilterFlag<Pool>[])[] = [
  [
    [1, (pool) => !pool.isActive],
    [2, isActive],
  ],
  [
    [4, ({ isPersistent }) => isPersistent],
    [8, ({ isPersistent }) => !isPersistent],
  ],
  [
    [16, ({ autostart }) => autostart],
    [32, ({ autostart }) => !autostart],
  ],
  [[64, always], ...Array.from({ length: 14 }, (_, at): FilterFlag<Pool> => [128 << at, never])],
];

const noSpace = { capacity: 0n, allocation: 0n, available: 0n };

/** The space of the file system that the folder lies on; none of one that is not active, or whose folder is gone. */
async function spaceOf({ path, isActive }: Pool) {
  if (!isActive) return noSpace;
  const found = await statfs(path).catch(() => undefined);
  if (found === undefined) return noSpace;
  const { blocks, bfree, bavail, bsize } = found;
  return {
    capacity: BigInt(blocks) * BigInt(bsize),
    allocation: BigInt(blocks - bfree) * BigInt(bsize),
    available: BigInt(bavail) * BigInt(bsize),
  };
}

function permissionsOf({ permissions }: Pool) {
  try {
    return permissions?.();
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** Sizes are those of the file system that a pool lies on, in bytes. */
export const bindPool: Bind = (binding) => {
  const pools = () => poolsOf(binding);
  const named = (wanted: (pool: Pool) => boolean, maxnames: number) => ({
    names: pools()
      .filter(wanted)
      .map(({ name }) => name)
      .slice(0, Math.max(0, maxnames)),
  });
  const isInactive = (pool: Pool): boolean => !pool.isActive;
  return {
    connectNumOfStoragePools: () => ({ num: pools().filter(isActive).length }),
    connectListStoragePools: ({ maxnames }) => named(isActive, maxnames),
    connectNumOfDefinedStoragePools: () => ({ num: pools().filter(isInactive).length }),
    connectListDefinedStoragePools: ({ maxnames }) => named(isInactive, maxnames),
    connectListAllStoragePools({ needResults, flags }) {
      const { items, ret } = listed(filtered(pools(), flags, filters), needResults);
      return { pools: items.map(toWirePool), ret };
    },
    storagePoolLookupByName: ({ name }) => ({ pool: toWirePool(findPool(pools(), { name })) }),
    storagePoolLookupByUuid: ({ uuid }) => ({ pool: toWirePool(findPool(pools(), { uuid })) }),
    storagePoolLookupByTargetPath({ path }) {
      const found = pools().find((pool) => pool.path === path.replace(/\/+$/, ''));
      if (found === undefined)
        throw refusal('noStoragePool', 'storage', `no storage pool with matching target path '${path}'`);
      return { pool: toWirePool(found) };
    },
    async storagePoolGetInfo({ pool: { uuid } }) {
      const pool = findPool(pools(), { uuid });
      return { state: poolStates[pool.isActive ? 'running' : 'inactive'], ...(await spaceOf(pool)) };
    },
    async storagePoolGetXmlDesc({ pool: { uuid } }) {
      const pool = findPool(pools(), { uuid });
      const { capacity, allocation, available } = await spaceOf(pool);
      const permissions = permissionsOf(pool);
      const xml = formatDocument('pool', {
        type: 'dir',
        ...toWirePool(pool),
        capacityBytes: Number(capacity),
        allocationBytes: Number(allocation),
        availableBytes: Number(available),
        source: {},
        target: { path: pool.path, ...(permissions !== undefined && { permissions }) },
      });
      return { xml };
    },
    storagePoolGetAutostart: ({ pool: { uuid } }) => ({
      autostart: findPool(pools(), { uuid }).autostart ? 1 : 0,
    }),
    storagePoolIsActive: ({ pool: { uuid } }) => ({ active: findPool(pools(), { uuid }).isActive ? 1 : 0 }),
    storagePoolIsPersistent: ({ pool: { uuid } }) => ({
      persistent: findPool(pools(), { uuid }).isPersistent ? 1 : 0,
    }),
  };
};
