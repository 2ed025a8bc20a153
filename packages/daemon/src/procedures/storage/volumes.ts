// The volumes of storage pools: templates, and the layers above them.
// SPDX-License-Identifier: Apache-2.0
import { formatDocument } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { listed } from '../words/list-flags.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { findPool, poolsOf, toWirePool, type Volume } from './pools.js';

/** virStorageVolType. */
const volumeTypes = { file: 0, dir: 2 } as const;
/** virStorageVolDeleteFlags: wiped first, which files above a file system cannot be, and with its snapshots, which is always so. */
const deleteFlags = 2;

const toWireVolume = ({ pool, name, path }: Volume) => ({ pool, name, key: path });

async function volumeInfo(volume: Volume) {
  const { isFolder, capacity, allocation } = await volume.size();
  const type = volumeTypes[isFolder ? 'dir' : 'file'];
  return { type, capacity: BigInt(capacity), allocation: BigInt(allocation) };
}

async function volumeXml({ name, path, below, size }: Volume): Promise<string> {
  const { isFolder, capacity, allocation } = await size();
  const [type, format] = isFolder ? ['dir', 'dir'] : ['file', 'raw'];
  return formatDocument('volume', {
    type,
    name,
    key: path,
    capacityBytes: capacity,
    allocationBytes: allocation,
    target: { path, format: { type: format } },
    ...(below !== undefined && { backingStore: { path: below, format: { type: 'dir' } } }),
  });
}

/** A volume's key is its path; sizes are in bytes. */
export const bindVolumes: Bind = (binding) => {
  const pools = poolsOf(binding);
  const all = async () => (await Promise.all(pools.map((pool) => pool.volumes()))).flat();
  const found = (volume: Volume | undefined, what: string): Volume => {
    if (volume !== undefined) return volume;
    throw refusal('noStorageVol', 'storage', `no storage vol with matching ${what}`);
  };
  const volumeOf = async ({ pool, name }: { readonly pool: string; readonly name: string }) => {
    const volumes = await findPool(pools, { name: pool }).volumes();
    return found(
      volumes.find((volume) => volume.name === name),
      `name '${name}'`,
    );
  };
  const volumeAt = async (path: string, what: string) =>
    found(
      (await all()).find((volume) => volume.path === path),
      what,
    );
  const volumesOf = async ({ uuid }: { readonly uuid: string }) => [
    ...(await findPool(pools, { uuid }).volumes()),
  ];

  return {
    async storagePoolLookupByVolume({ vol }) {
      await volumeOf(vol);
      return { pool: toWirePool(findPool(pools, { name: vol.pool })) };
    },
    storagePoolNumOfVolumes: async ({ pool }) => ({ num: (await volumesOf(pool)).length }),
    async storagePoolListVolumes({ pool, maxnames }) {
      return { names: (await volumesOf(pool)).map(({ name }) => name).slice(0, Math.max(0, maxnames)) };
    },
    async storagePoolListAllVolumes({ pool, needResults }) {
      const { items, ret } = listed(await volumesOf(pool), needResults);
      return { vols: items.map(toWireVolume), ret };
    },

    async storageVolLookupByName({ pool: { uuid }, name }) {
      return { vol: toWireVolume(await volumeOf({ pool: findPool(pools, { uuid }).name, name })) };
    },
    async storageVolLookupByKey({ key }) {
      return { vol: toWireVolume(await volumeAt(key, `key ${key}`)) };
    },
    async storageVolLookupByPath({ path }) {
      return { vol: toWireVolume(await volumeAt(path, `path '${path}'`)) };
    },
    storageVolGetInfo: async ({ vol }) => await volumeInfo(await volumeOf(vol)),
    storageVolGetInfoFlags: async ({ vol }) => await volumeInfo(await volumeOf(vol)),
    storageVolGetPath: async ({ vol }) => ({ name: (await volumeOf(vol)).path }),
    storageVolGetXmlDesc: async ({ vol }) => ({ xml: await volumeXml(await volumeOf(vol)) }),
    async storageVolDelete({ vol, flags }, { name }) {
      checkFlags(flags, deleteFlags, name);
      await (await volumeOf(vol)).remove();
    },
  };
};
