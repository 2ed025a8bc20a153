// The templates as a storage pool: clients see and choose them, ctvirt's own commands import and remove them.
// SPDX-License-Identifier: Apache-2.0

import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Template } from '@ctvirt/api';
import { formatDocument } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { type FilterFlag, filtered, listed } from '../words/list-flags.js';
import { namedUuid } from '../words/named-uuid.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { checkPoolDefinition, readPoolDefinition } from './pool-definition.js';

/** virt-manager makes a pool of this name in a folder of its own where there is none. */
const poolName = 'default';
const pool = { name: poolName, uuid: namedUuid('pool', poolName) } as const;
/** virStoragePoolState and virStorageVolType. */
const poolRunning = 2;
const folderType = 2;
/** virStoragePoolCreateFlags and virStoragePoolBuildFlags. */
const knownFlags = { create: 7, build: 7 } as const;
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

export const bindStorage: Bind = ({ engine, templatesFolder }) => {
  const pathOf = ({ name }: Template): string => join(templatesFolder, name);
  const toVolume = (template: Template) => ({
    pool: poolName,
    name: template.name,
    key: pathOf(template),
  });
  const checkPool = (asked: { name?: string; uuid?: string }): void => {
    if (asked.uuid === undefined ? asked.name === poolName : asked.uuid === pool.uuid) return;
    const what = asked.uuid === undefined ? `name '${asked.name}'` : `uuid '${asked.uuid}'`;
    throw refusal('noStoragePool', 'storage', `no storage pool with matching ${what}`);
  };
  const checkDefinition = (xml: string): void =>
    checkPoolDefinition(readPoolDefinition(xml), { ...pool, path: templatesFolder });
  const isAlreadyActive = () =>
    refusal('operationInvalid', 'storage', `storage pool '${poolName}' is already active`);
  const refuseWhileActive = (asked: { uuid: string }): never => {
    checkPool(asked);
    throw refusal('operationInvalid', 'storage', `storage pool '${poolName}' is still active`);
  };
  const findVolume = async (isIt: (template: Template) => boolean, what: string): Promise<Template> => {
    const found = (await engine.templates.list()).find(isIt);
    if (found === undefined) throw refusal('noStorageVol', 'storage', `no storage vol with matching ${what}`);
    return found;
  };
  const volumeOf = (vol: { pool: string; name: string }): Promise<Template> => {
    checkPool({ name: vol.pool });
    return findVolume(({ name }) => name === vol.name, `name '${vol.name}'`);
  };
  const volumes = async () => [...(await engine.templates.list())].sort((a, b) => (a.name < b.name ? -1 : 1));
  const spaceOf = async () => {
    const { blocks, bfree, bavail, bsize } = await statfs(templatesFolder);
    return {
      capacity: BigInt(blocks) * BigInt(bsize),
      allocation: BigInt(blocks - bfree) * BigInt(bsize),
      available: BigInt(bavail) * BigInt(bsize),
    };
  };
  const volumeInfo = (template: Template) => ({
    type: folderType,
    capacity: BigInt(template.unpackedBytes),
    allocation: BigInt(template.unpackedBytes),
  });

  return {
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
    async storagePoolLookupByVolume({ vol }) {
      await volumeOf(vol);
      return { pool };
    },
    storagePoolLookupByTargetPath({ path }) {
      if (path.replace(/\/+$/, '') !== templatesFolder)
        throw refusal('noStoragePool', 'storage', `no storage pool with matching target path '${path}'`);
      return { pool };
    },
    storagePoolDefineXml({ xml, flags }, { name }) {
      checkFlags(flags, 1, name);
      checkDefinition(xml);
      return { pool };
    },
    storagePoolCreateXml({ xml, flags }, { name }) {
      checkFlags(flags, knownFlags.create, name);
      checkDefinition(xml);
      throw refusal('operationInvalid', 'storage', `pool is already active as '${poolName}'`);
    },
    storagePoolCreate({ pool: asked, flags }, { name }) {
      checkFlags(flags, knownFlags.create, name);
      checkPool(asked);
      throw isAlreadyActive();
    },
    storagePoolBuild({ pool: asked, flags }, { name }) {
      checkFlags(flags, knownFlags.build, name);
      checkPool(asked);
      throw isAlreadyActive();
    },
    storagePoolUndefine: ({ pool: asked }) => refuseWhileActive(asked),
    storagePoolDelete: ({ pool: asked }) => refuseWhileActive(asked),
    storagePoolSetAutostart({ pool: asked, autostart }) {
      checkPool(asked);
      if (autostart === 0)
        throw refusal('operationUnsupported', 'storage', 'the pool of the templates is always there');
    },
    storagePoolRefresh: ({ pool: asked }) => checkPool(asked),
    async storagePoolGetInfo({ pool: asked }) {
      checkPool(asked);
      return { state: poolRunning, ...(await spaceOf()) };
    },
    async storagePoolGetXmlDesc({ pool: asked }) {
      checkPool(asked);
      const { capacity, allocation, available } = await spaceOf();
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
    async storagePoolNumOfVolumes({ pool: asked }) {
      checkPool(asked);
      return { num: (await volumes()).length };
    },
    async storagePoolListVolumes({ pool: asked, maxnames }) {
      checkPool(asked);
      return { names: (await volumes()).map(({ name }) => name).slice(0, Math.max(0, maxnames)) };
    },
    async storagePoolListAllVolumes({ pool: asked, needResults }) {
      checkPool(asked);
      const { items, ret } = listed(await volumes(), needResults);
      return { vols: items.map(toVolume), ret };
    },

    async storageVolLookupByName({ pool: asked, name }) {
      checkPool(asked);
      return { vol: toVolume(await volumeOf({ pool: poolName, name })) };
    },
    async storageVolLookupByKey({ key }) {
      return { vol: toVolume(await findVolume((template) => pathOf(template) === key, `key ${key}`)) };
    },
    async storageVolLookupByPath({ path }) {
      return { vol: toVolume(await findVolume((template) => pathOf(template) === path, `path '${path}'`)) };
    },
    storageVolGetInfo: async ({ vol }) => volumeInfo(await volumeOf(vol)),
    storageVolGetInfoFlags: async ({ vol }) => volumeInfo(await volumeOf(vol)),
    storageVolGetPath: async ({ vol }) => ({ name: pathOf(await volumeOf(vol)) }),
    async storageVolGetXmlDesc({ vol }) {
      const template = await volumeOf(vol);
      const path = pathOf(template);
      const xml = formatDocument('volume', {
        type: 'dir',
        name: template.name,
        key: path,
        capacityBytes: template.unpackedBytes,
        allocationBytes: template.unpackedBytes,
        target: { path, format: { type: 'dir' } },
      });
      return { xml };
    },
  };
};
