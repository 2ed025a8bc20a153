// The volumes of storage pools: templates, the layers above them, and files of folders.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '@ctvirt/engine';
import { formatDocument } from '@ctvirt/xml';
import type { Bind, Binding } from '../session.js';
import { listed } from '../words/list-flags.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { findPool, poolsOf, toWirePool, type Volume } from './pools.js';

/** virStorageVolType. */
const volumeTypes = { file: 0, dir: 2 } as const;
/** virStorageVolDeleteFlags: wiped first, which files above a file system cannot be, and with its snapshots, which is always so. */
const deleteFlags = 2;
/** virStorageVolInfoFlags: how long it is is told as what it takes. */
const physicalFlag = 1;

/** As answers name it. */
export const toWireVolume = ({ pool, name, path }: Volume) => ({ pool, name, key: path });

async function volumeInfo(volume: Volume) {
  const { isFolder, capacity, allocation } = await volume.size();
  const type = volumeTypes[isFolder ? 'dir' : 'file'];
  return { type, capacity: BigInt(capacity), allocation: BigInt(allocation) };
}

async function volumeXml({ name, path, below, permissions, size }: Volume): Promise<string> {
  const { isFolder, capacity, allocation } = await size();
  const [type, format] = isFolder ? ['dir', 'dir'] : ['file', 'raw'];
  return formatDocument('volume', {
    type,
    name,
    key: path,
    capacityBytes: capacity,
    allocationBytes: allocation,
    target: { path, format: { type: format }, ...(permissions !== undefined && { permissions }) },
    ...(below !== undefined && { backingStore: { path: below, format: { type: 'dir' } } }),
  });
}

/** The volume that a call is about. */
export async function volumeOf(
  binding: Binding,
  { pool, name }: { readonly pool: string; readonly name: string },
): Promise<Volume> {
  return found(await findPool(poolsOf(binding), { name: pool }).volume(name), `name '${name}'`);
}

function found(volume: Volume | undefined, what: string): Volume {
  if (volume !== undefined) return volume;
  throw refusal('noStorageVol', 'storage', `no storage vol with matching ${what}`);
}

/** Of a pool whose folder is not there any more: volumes of others are found all the same. */
function noneOf(error: unknown): readonly Volume[] {
  if (error instanceof EngineError) return [];
  throw error;
}

/** A volume's key is its path; sizes are in bytes. */
export const bindVolumes: Bind = (binding) => {
  const pools = () => poolsOf(binding);
  const all = async () => {
    const active = pools().filter(({ isActive }) => isActive);
    return (await Promise.all(active.map((pool) => pool.volumes().catch(noneOf)))).flat();
  };
  const volumeAt = async (path: string, what: string) =>
    found(
      (await all()).find((volume) => volume.path === path),
      what,
    );
  const volumesOf = async ({ uuid }: { readonly uuid: string }) => [
    ...(await findPool(pools(), { uuid }).volumes()),
  ];

  return {
    async storagePoolLookupByVolume({ vol }) {
      await volumeOf(binding, vol);
      return { pool: toWirePool(findPool(pools(), { name: vol.pool })) };
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
      const { name: pool } = findPool(pools(), { uuid });
      return { vol: toWireVolume(await volumeOf(binding, { pool, name })) };
    },
    async storageVolLookupByKey({ key }) {
      return { vol: toWireVolume(await volumeAt(key, `key ${key}`)) };
    },
    async storageVolLookupByPath({ path }) {
      return { vol: toWireVolume(await volumeAt(path, `path '${path}'`)) };
    },
    storageVolGetInfo: async ({ vol }) => await volumeInfo(await volumeOf(binding, vol)),
    async storageVolGetInfoFlags({ vol, flags }, { name }) {
      checkFlags(flags, physicalFlag, name);
      const info = await volumeInfo(await volumeOf(binding, vol));
      return flags === physicalFlag ? { ...info, allocation: info.capacity } : info;
    },
    storageVolGetPath: async ({ vol }) => ({ name: (await volumeOf(binding, vol)).path }),
    storageVolGetXmlDesc: async ({ vol }) => ({ xml: await volumeXml(await volumeOf(binding, vol)) }),
    async storageVolDelete({ vol, flags }, { name }) {
      checkFlags(flags, deleteFlags, name);
      await (await volumeOf(binding, vol)).remove();
    },
  };
};
