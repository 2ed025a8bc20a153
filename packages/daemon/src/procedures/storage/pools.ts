// The storage pools there are: the templates, what lies above them, and folders of the host.
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Template } from '@ctvirt/api';
import type {
  FolderPool,
  LayerFile,
  NewVolume,
  PoolPermissions,
  VolumeFile,
  VolumeRange,
} from '@ctvirt/engine';
import { commandFor, shellWord } from '@ctvirt/xml';
import type { Binding } from '../session.js';
import { namedUuid } from '../words/named-uuid.js';
import { refusal } from '../words/refusal.js';
import { archiveOf, notADomains } from './archive.js';

/** A pool as clients name it, and the folder that it stands for. */
export interface Pool extends FolderPool {
  /** Of its folder; missing where it is not active. */
  permissions?(): PoolPermissions;
  /** By their names; throws where it is not active. */
  volumes(): Promise<readonly Volume[]>;
  /** One of these, for which the others are not looked at. */
  volume(name: string): Promise<Volume | undefined>;
  /** Missing where volumes come to be in another way, which `made` names. */
  make?(volume: NewVolume): Promise<void>;
  /** How its volumes are made. */
  readonly made: string;
  /** A new volume that is a copy of another. */
  copy(from: Volume, name: string): Promise<void>;
}

/** One thing in a pool. */
export interface Volume {
  readonly pool: string;
  readonly name: string;
  /** Its key, too. */
  readonly path: string;
  /** What lies beneath it. */
  readonly below?: string;
  readonly permissions?: PoolPermissions;
  /** Of a layer: whose it is. */
  readonly layer?: LayerFile;
  size(): Promise<Size>;
  /** Refuses where it is in use. */
  remove(): Promise<void>;
  /** Its bytes, or those of the archive of what it belongs to; missing where it has none. */
  read?(range: VolumeRange): Promise<AsyncIterable<Buffer> | Readable>;
  resize?(capacity: number): Promise<void>;
  write?(range: VolumeRange, bytes: AsyncIterable<Buffer>): Promise<void>;
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

const byName = (a: Volume, b: Volume): number => (a.name < b.name ? -1 : 1);

const ownPool = (name: string, path: string): FolderPool => ({
  ...{ name, path, uuid: namedUuid('pool', name) },
  ...{ isOwn: true, isActive: true, isPersistent: true, autostart: true },
});

const closed = { mode: 0o700, owner: 0, group: 0 };

/** All of them as they are now; the daemon's own are always active. */
export function poolsOf(binding: Binding): readonly Pool[] {
  const { engine } = binding;
  return [
    templatePool(binding),
    layerPool(binding),
    ...engine.pools.list().map((pool) => folderPool(pool, binding)),
  ];
}

function templatePool({ engine, templatesFolder }: Binding): Pool {
  const toVolume = ({ name, unpackedBytes }: Template): Volume => ({
    pool: templatesPool,
    name,
    path: join(templatesFolder, name),
    size: async () => ({ isFolder: true, capacity: unpackedBytes, allocation: unpackedBytes }),
    remove: () => engine.templates.remove(name),
  });
  const all = async () => await engine.templates.list();
  return {
    ...ownPool(templatesPool, templatesFolder),
    permissions: () => closed,
    volumes: async () => (await all()).map(toVolume).sort(byName),
    volume: async (name) => (await all()).filter((template) => template.name === name).map(toVolume)[0],
    made: 'its volumes are templates: `ctvirt template import` and `build` make them',
    copy: async (from, name) => {
      if (from.pool !== templatesPool) throw notCopied(from, templatesPool);
      await engine.templates.copy(from.name, name);
    },
  };
}

function layerPool({ engine, templatesFolder, rootsFolder }: Binding): Pool {
  const toVolume = (layer: LayerFile): Volume => ({
    pool: layersPool,
    name: layer.name,
    path: layer.path,
    below: join(templatesFolder, layer.template),
    layer,
    size: () => engine.layers.size(layer.path),
    remove: async () => {
      const { owner, isKept, snapshot } = layer;
      if (isKept || snapshot === null) throw notRemoved(layer);
      await engine.snapshots.delete(owner, snapshot);
    },
    read: ({ offset, length }) => {
      if (offset !== 0 || length !== 0)
        throw refusal('argumentUnsupported', 'storage', 'an archive is read from its beginning to its end');
      return archiveOf(engine, layer);
    },
  });
  return {
    ...ownPool(layersPool, rootsFolder),
    permissions: () => closed,
    volumes: async () => engine.layers.list().map(toVolume).sort(byName),
    volume: async (name) =>
      engine.layers
        .list()
        .filter((layer) => layer.name === name)
        .map(toVolume)[0],
    made: 'its volumes are the files of domains: `ctvirt create`, `clone` and `snapshot create` make them',
    copy: async ({ layer, name }) => {
      const from = layer === undefined ? [] : [layer.owner];
      const at = layer?.snapshot == null ? '' : `--snapshot ${shellWord(layer.snapshot)}`;
      throw refusal(
        'operationUnsupported',
        'storage',
        `volume '${name}' would be the files of no domain: \`${commandFor('clone', [...from, 'NAME'], at)}\` makes one of them`,
      );
    },
  };
}

function folderPool(pool: FolderPool, { engine }: Binding): Pool {
  const { name: poolName } = pool;
  const toVolume = ({ name, path, isFolder, mode, owner, group, ...size }: VolumeFile): Volume => ({
    pool: poolName,
    name,
    path,
    permissions: { mode, owner, group },
    size: async () => ({ isFolder, ...size }),
    remove: () => engine.pools.remove(poolName, name),
    ...(!isFolder && {
      read: async (range) => engine.pools.read(poolName, name, range),
      resize: (capacity) => engine.pools.resize(poolName, name, capacity),
      write: (range, bytes) => engine.pools.write(poolName, name, range, bytes),
    }),
  });
  return {
    ...pool,
    ...(pool.isActive && { permissions: () => engine.pools.permissions(poolName) }),
    volumes: async () => {
      refuseInactive();
      return engine.pools.volumes(poolName).map(toVolume);
    },
    volume: async (name) => {
      refuseInactive();
      const found = engine.pools.volume(poolName, name);
      return found && toVolume(found);
    },
    made: '',
    make: (volume) => engine.pools.make(poolName, volume),
    copy: async (from, name) => {
      if (from.layer !== undefined) await exportTo(engine.pools.placeFor(poolName, name), from.layer);
      else if (from.write === undefined) throw notCopied(from, poolName);
      else await engine.pools.copy(poolName, { pool: from.pool, volume: from.name }, name);
    },
  };

  function refuseInactive(): void {
    if (!pool.isActive)
      throw refusal('operationInvalid', 'storage', `storage pool '${poolName}' is not active`);
  }

  async function exportTo(target: string, layer: LayerFile): Promise<void> {
    const { owner, isKept, snapshot } = layer;
    if (isKept) throw notADomains(layer);
    await engine.archives.write(owner, target, { snapshot: snapshot ?? undefined });
  }
}

const notCopied = ({ name, pool }: Volume, to: string) =>
  refusal('operationUnsupported', 'storage', `volume '${name}' of pool '${pool}' is none that '${to}' has`);

/** It goes with whose it is. */
function notRemoved({ name, owner, isKept }: LayerFile) {
  const how = isKept ? commandFor('root erase', [owner]) : commandFor('undefine', [owner], '--storage');
  return refusal(
    'operationInvalid',
    'storage',
    `volume '${name}' holds the files of ${isKept ? 'root' : 'domain'} '${owner}': \`${how}\` erases them`,
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
export const toWirePool = ({ name, uuid }: Pick<Pool, 'name' | 'uuid'>) => ({ name, uuid });
