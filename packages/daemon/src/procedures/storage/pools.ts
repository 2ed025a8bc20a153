// The storage pools there are: the templates, and what lies above them; all volumes are there already.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Template } from '@ctvirt/api';
import type { LayerFile } from '@ctvirt/engine';
import type { Binding } from '../session.js';
import { namedUuid } from '../words/named-uuid.js';
import { refusal } from '../words/refusal.js';

/** A pool as clients name it, and the folder that it stands for. */
export interface Pool {
  readonly name: string;
  readonly uuid: string;
  readonly path: string;
  /** By their names. */
  volumes(): Promise<readonly Volume[]>;
}

/** One thing in a pool. */
export interface Volume {
  readonly pool: string;
  readonly name: string;
  /** Its key, too. */
  readonly path: string;
  /** What lies beneath it. */
  readonly below?: string;
  size(): Promise<Size>;
  /** Refuses where it is in use. */
  remove(): Promise<void>;
}

/** In bytes. */
export interface Size {
  readonly isFolder: boolean;
  readonly capacity: number;
  readonly allocation: number;
}

/** virt-manager makes a pool of this name in a folder of its own where there is none. */
const templatesPool = 'default';
const layersPool = 'roots';

/** All of them, always active and persistent. */
export function poolsOf({ engine, templatesFolder, rootsFolder }: Binding): readonly Pool[] {
  const toPool = (name: string, path: string, volumes: () => Promise<readonly Volume[]>): Pool => ({
    name,
    uuid: namedUuid('pool', name),
    path,
    volumes: async () => [...(await volumes())].sort((a, b) => (a.name < b.name ? -1 : 1)),
  });
  const templateVolume = ({ name, unpackedBytes }: Template): Volume => ({
    pool: templatesPool,
    name,
    path: join(templatesFolder, name),
    size: async () => ({ isFolder: true, capacity: unpackedBytes, allocation: unpackedBytes }),
    remove: () => engine.templates.remove(name),
  });
  const layerVolume = (layer: LayerFile): Volume => ({
    pool: layersPool,
    name: layer.name,
    path: layer.path,
    below: join(templatesFolder, layer.template),
    size: () => engine.layers.size(layer.path),
    remove: async () => {
      const { owner, isKept, snapshot } = layer;
      if (isKept || snapshot === null) refuseRemoval(layer);
      await engine.snapshots.delete(owner, snapshot);
    },
  });
  return [
    toPool(templatesPool, templatesFolder, async () => (await engine.templates.list()).map(templateVolume)),
    toPool(layersPool, rootsFolder, async () => engine.layers.list().map(layerVolume)),
  ];
}

/** It goes with whose it is. */
function refuseRemoval({ name, owner, isKept }: LayerFile): never {
  const how = isKept ? `root erase ${owner}` : `undefine ${owner} --storage`;
  throw refusal(
    'operationInvalid',
    'storage',
    `volume '${name}' holds the files of ${isKept ? 'root' : 'domain'} '${owner}': \`ctvirt ${how}\` erases them`,
  );
}

/** The pool that is meant; refuses any other. */
export function findPool(pools: readonly Pool[], asked: { name?: string; uuid?: string }): Pool {
  const { name, uuid } = asked;
  const found = pools.find((pool) => (uuid === undefined ? pool.name === name : pool.uuid === uuid));
  if (found !== undefined) return found;
  const what = uuid === undefined ? `name '${name}'` : `uuid '${uuid}'`;
  throw refusal('noStoragePool', 'storage', `no storage pool with matching ${what}`);
}

/** As answers name it. */
export const toWirePool = ({ name, uuid }: Pool) => ({ name, uuid });
