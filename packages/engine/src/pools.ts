// Folders of the host as storage pools: that of the archives, which is the daemon's own, and those that clients define.
// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type { Engine } from './contract.js';
import { EngineError } from './errors.js';
import type { EngineLog } from './log.js';
import type { Layout } from './state/layout.js';
import { checkPoolName, type PoolDefinition, PoolDefinitions } from './state/pool-definitions.js';
import { KeyedQueue } from './state/queue.js';
import type { Sources } from './storage/index.js';
import { makePoolFolder, type OpenFolder, PoolFolder, removePoolFolder } from './storage/pools/folder.js';
import type { FolderPool, NewVolume, PoolPermissions, VolumeFile, VolumeRange } from './view.js';

type Operations = Engine['pools'];

interface Known extends PoolDefinition {
  isActive: boolean;
  /** Undefined of one that goes when it is stopped. */
  autostart: boolean | undefined;
}

/** Dependencies of `Pools`. */
export interface PoolParts {
  readonly layout: Pick<Layout, 'backups' | 'pools' | 'activePools'>;
  readonly sources: Pick<Sources, 'open'>;
  readonly log: EngineLog;
}

/** All of them. What is in one is looked at when somebody asks: it is the host's folder, and others may write there, too. */
export class Pools implements Operations {
  readonly #definitions: PoolDefinitions;
  readonly #known = new Map<string, Known>();
  readonly #queue = new KeyedQueue();
  /** Paths of volumes that somebody writes to. */
  readonly #writing = new Set<string>();
  readonly #backups: PoolFolder;

  private constructor(private readonly parts: PoolParts) {
    this.#definitions = new PoolDefinitions(parts.layout);
    this.#backups = new PoolFolder(() => openOwn(parts.layout.backups));
  }

  /** What cannot be read of them, or is not there any more, is told and left as it is. */
  static async open(parts: PoolParts): Promise<Pools> {
    const pools = new Pools(parts);
    const { log, layout } = parts;
    for (const name of pools.#backups.clear())
      log('warn', `removed ${layout.backups}/${name}, left by an interrupted upload or export`);
    try {
      await pools.#recover();
    } catch (error) {
      log('error', `storage pools are not known: ${String(error)}`);
    }
    return pools;
  }

  async #recover(): Promise<void> {
    for (const pool of await this.#definitions.defined())
      this.#known.set(pool.name, { ...pool, isActive: false });
    const active = await this.#definitions.active();
    for (const pool of active ?? [])
      if (!this.#known.has(pool.name))
        this.#known.set(pool.name, { ...pool, autostart: undefined, isActive: false });
    const wanted = active?.map(({ name }) => name);
    for (const pool of this.#known.values()) {
      if (!(wanted?.includes(pool.name) ?? pool.autostart === true)) continue;
      try {
        this.#folder(pool).permissions();
        pool.isActive = true;
      } catch (error) {
        this.parts.log('warn', `the storage pool '${pool.name}' is not started: ${String(error)}`);
      }
    }
    if (active === undefined) await this.#writeActive();
  }

  list(): FolderPool[] {
    return [this.#own(), ...[...this.#known.values()].map(viewOf)];
  }

  #own(): FolderPool {
    const name = BACKUPS;
    const path = this.parts.layout.backups;
    return { name, uuid: ownUuid, path, isOwn: true, isActive: true, isPersistent: true, autostart: true };
  }

  define(
    { name, uuid = randomUUID(), path, permissions }: Parameters<Operations['define']>[0],
    { transient = false, build = false }: Parameters<Operations['define']>[1] = {},
  ): Promise<FolderPool> {
    return this.#alone(async () => {
      checkPoolName(name);
      const folder = path.replace(/\/+$/, '');
      if (!folder.startsWith('/'))
        throw new EngineError('invalid', `'${path}' is no absolute path of a folder`, { source: path });
      const holder = this.list().find((one) => one.name === name || one.uuid === uuid || one.path === folder);
      if (holder !== undefined)
        throw new EngineError('exists', `storage pool '${holder.name}' in ${holder.path} is there already`, {
          holder: holder.name,
        });
      const known: Known = {
        ...{ name, uuid, path: folder, permissions },
        isActive: transient,
        autostart: transient ? undefined : false,
      };
      if (build) this.#build(known);
      if (transient) this.#folder(known).permissions();
      else this.#refuseForeign(folder);
      this.#known.set(name, known);
      await this.#written(known, () => this.#known.delete(name));
      return viewOf(known);
    });
  }

  build(name: string): Promise<void> {
    return this.#alone(async () => {
      this.#build(this.#stopped(name));
    });
  }

  #build({ path, permissions = {} }: PoolDefinition): void {
    using above = this.#openFolder(dirname(path));
    makePoolFolder(above, basename(path), permissions);
  }

  start(name: string): Promise<void> {
    return this.#alone(async () => {
      const pool = this.#stopped(name);
      this.#folder(pool).permissions();
      pool.isActive = true;
      await this.#writeActive();
    });
  }

  stop(name: string): Promise<void> {
    return this.#alone(async () => {
      const pool = this.#clients(name);
      this.#refuseInactive(pool);
      pool.isActive = false;
      if (pool.autostart === undefined) this.#known.delete(name);
      await this.#writeActive();
    });
  }

  undefine(name: string): Promise<void> {
    return this.#alone(async () => {
      const pool = this.#stopped(name);
      this.#known.delete(name);
      await this.#written(pool, () => this.#known.set(name, pool));
    });
  }

  erase(name: string): Promise<void> {
    return this.#alone(async () => {
      const { path } = this.#stopped(name);
      using above = this.#openFolder(dirname(path));
      removePoolFolder(above, basename(path));
    });
  }

  setAutostart(name: string, autostart: boolean): Promise<void> {
    return this.#alone(async () => {
      const pool = this.#clients(name);
      const before = pool.autostart;
      if (before === undefined)
        throw new EngineError('wrong-state', `storage pool '${name}' is gone when it is stopped`);
      pool.autostart = autostart;
      await this.#written(pool, () => {
        pool.autostart = before;
      });
    });
  }

  permissions(name: string): Required<PoolPermissions> {
    return this.#volumesOf(name).permissions();
  }

  volumes(name: string): VolumeFile[] {
    return this.#volumesOf(name).list();
  }

  volume(name: string, volume: string): VolumeFile | undefined {
    return this.#volumesOf(name).find(volume);
  }

  placeFor(name: string, volume: string): string {
    return this.#volumesOf(name).placeFor(volume);
  }

  async make(name: string, volume: NewVolume): Promise<void> {
    if (name === BACKUPS && volume.isFolder)
      throw new EngineError('unsupported', `the pool '${BACKUPS}' has archives, and no folders`);
    // Until it is uploaded there is nothing in it, whatever length it is going to have.
    await this.#volumesOf(name).make(name === BACKUPS ? { ...volume, capacity: 0 } : volume);
  }

  async remove(name: string, volume: string): Promise<void> {
    const folder = this.#volumesOf(name);
    await this.#claim(name, volume, () => folder.remove(volume));
  }

  async resize(name: string, volume: string, capacity: number): Promise<void> {
    if (name === BACKUPS) throw new EngineError('unsupported', `'${volume}' is as long as what is uploaded`);
    const folder = this.#volumesOf(name);
    await this.#claim(name, volume, () => folder.resize(volume, capacity));
  }

  read(name: string, volume: string, range: VolumeRange): Readable {
    return this.#volumesOf(name).read(volume, range);
  }

  async write(name: string, volume: string, range: VolumeRange, bytes: AsyncIterable<Buffer>): Promise<void> {
    const folder = this.#volumesOf(name);
    if (name === BACKUPS && range.offset !== 0)
      throw new EngineError('unsupported', 'an archive is uploaded from its beginning to its end');
    await this.#claim(name, volume, () =>
      name === BACKUPS ? folder.replace(volume, range, bytes) : folder.write(volume, range, bytes),
    );
  }

  async copy(
    name: string,
    from: { readonly pool: string; readonly volume: string },
    volume: string,
  ): Promise<void> {
    const [folder, other] = [this.#volumesOf(name), this.#volumesOf(from.pool)];
    await this.#claim(from.pool, from.volume, () => folder.copy(other, { name: from.volume, to: volume }));
  }

  async #claim<T>(name: string, volume: string, work: () => Promise<T>): Promise<T> {
    const key = `${name}/${volume}`;
    if (this.#writing.has(key))
      throw new EngineError('in-use', `volume '${volume}' is being written just now`, { name: volume });
    this.#writing.add(key);
    try {
      return await work();
    } finally {
      this.#writing.delete(key);
    }
  }

  #alone<T>(operation: () => Promise<T>): Promise<T> {
    return this.#queue.run('', operation);
  }

  #find(name: string): Known {
    const found = this.#known.get(name);
    if (found === undefined)
      throw new EngineError('not-found', `there is no storage pool '${name}'`, { name });
    return found;
  }

  #clients(name: string): Known {
    if (name === BACKUPS)
      throw new EngineError('unsupported', `the storage pool '${name}' is ctvirt's own, and always there`);
    return this.#find(name);
  }

  #stopped(name: string): Known {
    const pool = this.#clients(name);
    if (pool.isActive) throw new EngineError('wrong-state', `storage pool '${name}' is still active`);
    return pool;
  }

  #refuseInactive({ name, isActive }: Known): void {
    if (!isActive) throw new EngineError('wrong-state', `storage pool '${name}' is not active`);
  }

  #volumesOf(name: string): PoolFolder {
    if (name === BACKUPS) return this.#backups;
    const pool = this.#find(name);
    this.#refuseInactive(pool);
    return this.#folder(pool);
  }

  readonly #folder = ({ path }: PoolDefinition): PoolFolder => new PoolFolder(() => this.#openFolder(path));

  /** As what documents name: never what is the daemon's own, or where a container's link leads. */
  #openFolder(path: string): OpenFolder {
    const source = this.parts.sources.open({ source: path, kind: 'mount', readOnly: false });
    if (source.is === 'folder') return source;
    source[Symbol.dispose]();
    throw new EngineError('invalid', `${path} is no folder`, { source: path });
  }

  /** One that is not there yet may be built. */
  #refuseForeign(path: string): void {
    try {
      this.#openFolder(path)[Symbol.dispose]();
    } catch (error) {
      if (!(error instanceof EngineError && error.code === 'not-found')) throw error;
    }
  }

  async #written(pool: Known, back: () => void): Promise<void> {
    try {
      if (pool.autostart === undefined) await this.#writeActive();
      else await this.#writeDefined();
    } catch (error) {
      back();
      throw error;
    }
  }

  async #writeDefined(): Promise<void> {
    const stored = [...this.#known.values()].flatMap(({ isActive: _isActive, autostart, ...pool }) =>
      autostart === undefined ? [] : [{ ...pool, autostart }],
    );
    await this.#definitions.writeDefined(stored);
  }

  async #writeActive(): Promise<void> {
    const active = [...this.#known.values()].filter(({ isActive }) => isActive);
    await this.#definitions.writeActive(
      active.map(({ isActive: _isActive, autostart: _autostart, ...pool }) => pool),
    );
  }
}

/** That of the archives. */
const BACKUPS = 'backups';
/** The same on every host. */
const ownUuid = '6cf0b2f4-3d0a-5b1e-9c53-2b8f0a6d7e41';

const viewOf = ({ name, uuid, path, isActive, autostart }: Known): FolderPool => ({
  ...{ name, uuid, path, isActive },
  isOwn: false,
  isPersistent: autostart !== undefined,
  autostart: autostart === true,
});

function openOwn(path: string): OpenFolder {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  return { fd, path, [Symbol.dispose]: () => closeSync(fd) };
}
