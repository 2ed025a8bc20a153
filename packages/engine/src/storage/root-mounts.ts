// Roots of domains that are off, mounted on the host for its administrator to look at and repair.
// SPDX-License-Identifier: Apache-2.0

import { closeSync, constants, existsSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { commandFor } from '@ctvirt/xml';
import { EngineError, errnoOf } from '../errors.js';
import { foldersIn } from '../host/files.js';
import { isErrno } from '../host/gone.js';
import {
  attachMount,
  cloneMount,
  type DetachedMount,
  MountAttr,
  setMountAttributes,
  unmount,
} from '../host/mount-calls.js';
import { mountsBelow } from '../host/mountinfo.js';
import { PrivateMounts } from '../host/private-mounts.js';
import { attributesOn, removeAttribute } from '../host/syscalls.js';
import { Undo } from '../host/undo.js';
import { type FilesystemSpec, type OpenContext, unmappedOf } from './contract/backend.js';
import { backends } from './index.js';
import { idsAt } from './layers/ids.js';

/** What the opening of a root needs besides what this brings. */
export type RootContext = Omit<OpenContext, 'mounts' | 'furnish' | 'forHost'>;

export interface RootMountsParts {
  /** A folder for each, by UUID: root's alone, so that no setuid file in there is anybody else's to run. */
  readonly folder: string;
  /** Where a start puts its mounts. */
  readonly mounts: string;
}

/** What a container wrote: the folder's path holds for what `within` starts. */
export interface LayerFiles {
  readonly path: string;
  readonly within: PrivateMounts['within'];
}

/** A layer that is open for a while. */
export interface OpenLayerFiles extends LayerFiles {
  /** All of it is on the disk then. */
  sync(): Promise<void>;
}

/** Which are mounted is what the kernel says: nothing is kept beside it, so that no daemon can be wrong about it. */
export class RootMounts {
  constructor(private readonly parts: RootMountsParts) {}

  path(uuid: string): string {
    return join(this.parts.folder, uuid);
  }

  isMounted(uuid: string): boolean {
    // Most have not even a folder, and a start is not to read all mounts of the host.
    return existsSync(this.path(uuid)) && this.mounted().includes(uuid);
  }

  /** Two who write to one root do not see each other's changes, and destroy it. */
  refuse({ name, uuid }: { readonly name: string; readonly uuid: string }): void {
    if (!this.isMounted(uuid)) return;
    const path = this.path(uuid);
    throw new EngineError(
      'in-use',
      `the root of domain '${name}' is mounted on the host at ${path}: \`${commandFor('umount', [name])}\` first`,
      { name, path },
    );
  }

  /** UUIDs of domains whose root is mounted. */
  mounted(): string[] {
    return mountsBelow(this.parts.folder).map(({ target }) => basename(target));
  }

  /** Mounts it and returns where: with the ids that its files have inside, without what could harm the host. */
  async mount(uuid: string, spec: FilesystemSpec, context: RootContext): Promise<string> {
    const path = this.path(uuid);
    await using undo = new Undo();
    const { mounts } = await this.#open(spec, context, undo);
    using tree = mounts.clone(`root-${spec.key}`);
    const attributes = MountAttr.noSuid | MountAttr.noDev | (spec.readOnly ? MountAttr.readOnly : 0);
    setMountAttributes(tree, attributes);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    attachMount(tree, path);
    return path;
  }

  /** Lends it for a while, where nobody on the host finds it: what `within` starts does, below `path`. */
  async lend<T>(
    spec: FilesystemSpec,
    context: RootContext,
    work: (lent: { readonly path: string; readonly within: PrivateMounts['within'] }) => Promise<T>,
  ): Promise<T> {
    return await this.lendAll([spec], context, ({ paths, within }) =>
      work({ path: paths.get(spec.key) ?? '', within }),
    );
  }

  /**
   * What the container itself wrote there, with the ids that it has inside, until `undo` ends; nobody may start it meanwhile. Throws `unsupported` where the file system is none of the container's own.
   */
  async openLayer(spec: FilesystemSpec, context: RootContext, undo: Undo): Promise<OpenLayerFiles> {
    const opened = this.#contextFor(context, undo);
    const files = await backends[spec.kind].openLayer?.(spec, opened);
    if (files === undefined) throw noLayer(spec);
    const { mounts } = opened;
    undo.push(() => files.settle());
    return {
      path: join(mounts.folder, files.path),
      within: (start) => mounts.within(start),
      sync: async () => {
        await mounts.run(['/usr/bin/sync', '--file-system', '--', join(mounts.folder, files.path)]);
      },
    };
  }

  /** The same to be read, of one that a container may have open and write to, or of a snapshot. */
  async showLayer(spec: FilesystemSpec, context: RootContext, undo: Undo): Promise<LayerFiles> {
    const { map, namespaces, layerOf } = context;
    const { mounts } = this.#contextFor(context, undo);
    const as = `looked-at-${spec.key}`;
    const upper = await backends[spec.kind].copies?.look(spec, { ...context, mounts: () => mounts, as });
    if (upper === undefined) throw noLayer(spec);
    using shown = mounts.within(() => mountOf(upper));
    setMountAttributes(shown, MountAttr.readOnly | MountAttr.noSuid | MountAttr.noDev);
    const words = { ids: layerOf(spec.target)?.ids };
    if (mounts.within(() => idsAt(words, dirname(upper))) === 'host')
      await namespaces.with(unmappedOf(map), (fd) => setMountAttributes(shown, 0, fd));
    const path = mounts.attach(shown, `shown-${spec.key}`);
    return { path, within: (start) => mounts.within(start) };
  }

  /** The files of any, with the ids that they have inside, until `undo` ends; nothing is written. */
  async openToRead(spec: FilesystemSpec, context: RootContext, undo: Undo): Promise<LayerFiles> {
    const { mounts, path } = await this.#open({ ...spec, readOnly: true }, context, undo);
    return { path, within: (start) => mounts.within(start) };
  }

  async #open(spec: FilesystemSpec, context: RootContext, undo: Undo) {
    const opened = this.#contextFor(context, undo);
    const { path } = await backends[spec.kind].open(spec, opened, undo);
    return { mounts: opened.mounts, path };
  }

  #contextFor(context: RootContext, undo: Undo) {
    const { map, namespaces } = context;
    const back = unmappedOf(map);
    const mounts = PrivateMounts.open(this.parts.mounts);
    undo.push(() => mounts[Symbol.dispose]());
    const forHost: NonNullable<OpenContext['forHost']> = (mount) =>
      namespaces.with(back, (fd) => setMountAttributes(mount, 0, fd));
    return { ...context, mounts, furnish: () => undefined, forHost };
  }

  /** The same of several, by their keys, which are all found by what `within` starts. */
  async lendAll<T>(
    specs: readonly FilesystemSpec[],
    context: RootContext,
    work: (lent: {
      readonly paths: ReadonlyMap<string, string>;
      readonly within: PrivateMounts['within'];
    }) => Promise<T>,
  ): Promise<T> {
    await using undo = new Undo();
    const opened = this.#contextFor(context, undo);
    const paths = new Map<string, string>();
    for (const spec of specs) paths.set(spec.key, (await backends[spec.kind].open(spec, opened, undo)).path);
    return await work({ paths, within: (start) => opened.mounts.within(start) });
  }

  /** Takes it away again; throws `in-use` while somebody is in there, for who starts then would write what he reads. */
  unmount(uuid: string): void {
    const path = this.path(uuid);
    try {
      unmount(path);
    } catch (cause) {
      if (errnoOf(cause) !== 'EBUSY') throw cause;
      const below = mountsBelow(path).find(({ target }) => target !== path);
      const by =
        below === undefined
          ? `by programs of the host: \`fuser -vm ${path}\` shows which`
          : `by what is mounted at ${below.target}: \`umount ${below.target}\` first`;
      throw new EngineError('in-use', `${path} is in use ${by}`, { path }, { cause });
    }
    this.clear();
  }

  /** Takes away folders on which nothing is mounted; one in which somebody has left files stays. */
  clear(): void {
    const mounted = new Set(this.mounted());
    for (const name of foldersIn(this.parts.folder))
      if (!mounted.has(name)) rmdirIfEmpty(join(this.parts.folder, name));
  }
}

/** Takes from its root all attributes but those that overlay or the host make for themselves. */
export function withoutAttributes({ path, within }: LayerFiles): void {
  const isHosts = (name: string): boolean =>
    /^(trusted\.(SGI_|overlay\.(?!opaque$))|security\.selinux$|system\.(?!posix_acl_))/.test(name);
  within(() => {
    for (const name of attributesOn(path)) if (!isHosts(name)) removeAttribute(path, name);
  });
}

const noLayer = ({ target }: FilesystemSpec): EngineError =>
  new EngineError('unsupported', `${target} is no file system made of a template`);

function mountOf(folder: string): DetachedMount {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    return cloneMount(fd, folder);
  } finally {
    closeSync(fd);
  }
}

function rmdirIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    // Nor is a link a folder of ours.
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'ENOTDIR')) throw error;
  }
}
