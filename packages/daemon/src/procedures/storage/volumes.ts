// The templates as volumes of their storage pool.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Template } from '@ctvirt/api';
import { formatDocument } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { listed } from '../words/list-flags.js';
import { refusal } from '../words/refusal.js';
import { checkPool, pool, poolName } from './the-pool.js';

/** virStorageVolType. */
const folderType = 2;

/** A volume for each template, its key the path of its folder; sizes are in bytes. */
export const bindVolumes: Bind = ({ engine, templatesFolder }) => {
  const pathOf = ({ name }: Template): string => join(templatesFolder, name);
  const toVolume = (template: Template) => ({
    pool: poolName,
    name: template.name,
    key: pathOf(template),
  });
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
  const volumeInfo = (template: Template) => ({
    type: folderType,
    capacity: BigInt(template.unpackedBytes),
    allocation: BigInt(template.unpackedBytes),
  });

  return {
    async storagePoolLookupByVolume({ vol }) {
      await volumeOf(vol);
      return { pool };
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
