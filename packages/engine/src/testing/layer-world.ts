// A layer on the real kernel as a start has it: made in a folder of a host, opened, and written to through an overlay.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { loopsOver } from '../host/disks.js';
import { isErrno } from '../host/gone.js';
import { attachMount, cloneMount, mountNow, setMountAttributes } from '../host/mount-calls.js';
import { mountsOf } from '../host/mountinfo.js';
import { PrivateMounts } from '../host/private-mounts.js';
import type { ProjectRange } from '../host/projects.js';
import { check } from '../host/syscalls.js';
import { type IdMap, UserNamespacePool } from '../host/userns.js';
import { removeWithVolumes } from '../host/volumes.js';
import { type ForHost, unmappedOf } from '../storage/contract/backend.js';
import { overlayOptions } from '../storage/contract/overlay.js';
import type { DiskLimit, LayerPool, Usage } from '../storage/index.js';
import { createLayer } from '../storage/layers/index.js';
import type { Layer, LayerIds, Making, OpenLayer, Place } from '../storage/layers/layer.js';

const libc = koffi.load(null);
const cGetxattr = libc.func('long getxattr(str, str, void *, size_t)');
const cSetxattr = libc.func('int setxattr(str, str, void *, size_t, int)');

export const MiB = 1 << 20;
/** Where the container's ids lie on the host. */
export const FIRST_ID = 1_000_000;
/** All of them from one id of the host on. */
export function mapFrom(first: number): IdMap {
  const range = [{ inside: 0, outside: first, count: 65536 }];
  return { uid: range, gid: range };
}

export const limit = (mebibytes: number, inodes?: number): DiskLimit => ({ bytes: mebibytes * MiB, inodes });

export interface LayerGround {
  /** The folder to be in; the host's own for such files if absent. */
  readonly parent?: string | undefined;
  readonly projectIds?: ProjectRange | undefined;
  /** Where it is made, if not in the folder. */
  readonly pool?: LayerPool | undefined;
  /** Brings what was written and removed to where it counts, where that takes a while. */
  readonly settle?: () => void;
  /** Whose ids its files have on disk; the host's if absent. */
  readonly ids?: LayerIds | undefined;
}

interface Running {
  /** Ids of the container on the host. */
  readonly map?: IdMap;
  /** What is in force, if not the limit that it is opened with. */
  readonly inForce?: DiskLimit | undefined;
  /** Whether it is the host that is to look at it. */
  readonly forHost?: boolean;
  /** Whether a lease says whose ids its files have. */
  readonly isSaid?: boolean;
}

export class LayerWorld {
  readonly base: string;
  readonly roots: string;
  readonly place: Place;
  readonly told: string[] = [];
  readonly #namespaces = new UserNamespacePool(1);

  constructor(
    private readonly layer: Layer,
    private readonly ground: LayerGround = {},
  ) {
    this.base = mkdtempSync(join(ground.parent ?? tmpdir(), 'cvlayer-'));
    this.roots = join(this.base, 'roots');
    this.place = { folder: join(this.roots, 'domain'), key: 'root', ids: ground.ids ?? 'host' };
    for (const path of [this.roots, this.place.folder, this.mounts]) mkdirSync(path);
    mkdirSync(this.model, { mode: 0o751 });
    mkdirSync(join(this.model, 'folder'));
    for (const name of ['below', 'gone', 'folder/old']) writeFileSync(join(this.model, name), 'below');
  }

  /** What an operation in another process needs to know. */
  get model(): string {
    return join(this.base, 'model');
  }
  get mounts(): string {
    return join(this.base, 'mnt');
  }

  making(wanted: DiskLimit | undefined): Making {
    const { projectIds, pool } = this.ground;
    return { model: this.model, map: mapFrom(FIRST_ID), limit: wanted, projectIds, pool };
  }

  async create(wanted?: DiskLimit): Promise<void> {
    await createLayer(this.layer, this.place, this.making(wanted));
  }

  /** Opens the layer for as long as `use` takes, with that limit. */
  async run<T>(
    wanted: DiskLimit | undefined,
    use: (container: Container) => T | Promise<T>,
    running: Running = {},
  ): Promise<T> {
    using mounts = PrivateMounts.open(this.mounts);
    const opened = await this.#open(wanted, mounts, running);
    const model = openSync(this.model, 'r');
    try {
      using lower = cloneMount(model, this.model);
      const map = (namespace: number): void => setMountAttributes(lower, 0, namespace);
      if (running.forHost !== true) await this.#namespaces.with(running.map ?? mapFrom(FIRST_ID), map);
      mounts.within(() => {
        attachMount(lower, mounts.folderFor('lower'));
        const folders = ['lowerdir=lower', `upperdir=${opened.upper}`, `workdir=${opened.work}`];
        mountNow('overlay', mounts.folderFor('root'), 'overlay', 0, [...folders, ...overlayOptions].join());
      });
    } finally {
      closeSync(model);
    }
    await opened.settle?.('inForce' in running ? running.inForce : wanted);
    const { map = mapFrom(FIRST_ID) } = running;
    const settle = (): void => this.ground.settle?.();
    settle();
    return await use(new Container(mounts, (work) => this.#namespaces.with(map, work), settle));
  }

  async #open(
    limit: DiskLimit | undefined,
    mounts: PrivateMounts,
    { map = mapFrom(FIRST_ID), forHost = false, isSaid = true }: Running,
  ): Promise<OpenLayer> {
    const namespaces = this.#namespaces;
    const shown: ForHost = (mount) =>
      namespaces.with(unmappedOf(map), (fd) => setMountAttributes(mount, 0, fd));
    return await this.layer.open(isSaid ? this.place : { ...this.place, ids: undefined }, {
      limit,
      mounts,
      map,
      namespaces,
      tell: (remarks) => void this.told.push(...remarks),
      ...(forHost && { forHost: shown }),
    });
  }

  async relimit(wanted: DiskLimit): Promise<void> {
    using mounts = PrivateMounts.open(this.mounts);
    await this.layer.relimit?.(this.place, wanted, { mounts });
  }

  /** As far as that can be had now; what cannot is told. */
  async putBack(limit: DiskLimit): Promise<void> {
    using mounts = PrivateMounts.open(this.mounts);
    const tell = (remarks: readonly string[]): void => void this.told.push(...remarks);
    await this.layer.relimit?.(this.place, limit, { mounts, tell });
  }

  /** While it is not open; undefined where nothing can tell. */
  async usage(): Promise<Usage | undefined> {
    // Some count what has been written out.
    execFileSync('sync', ['-f', this.place.folder]);
    this.ground.settle?.();
    const { tells, atRest } = this.layer.keeping(this.place);
    return tells === undefined ? await atRest?.() : tells();
  }

  /** Devices free themselves a moment after their last mount has gone. */
  async assertNothingHeld(): Promise<void> {
    assert.deepEqual(
      mountsOf('self').filter(({ target }) => target.startsWith(this.base)),
      [],
    );
    const held = () =>
      this.layer.files(this.place).flatMap((path) => (existsSync(path) ? loopsOver(path) : []));
    for (let left = 200; held().length > 0 && left > 0; left--) await sleep(10);
    assert.deepEqual(held(), []);
  }

  async close(): Promise<void> {
    this.#namespaces.close();
    this.layer.release?.(this.place.folder);
    for (const name of readdirSync(this.roots)) await removeWithVolumes(join(this.roots, name));
    rmSync(this.base, { recursive: true });
  }
}

/** What runs on the layer: writes as the host's root, which overlay lets pass no limit. */
export class Container {
  constructor(
    private readonly mounts: PrivateMounts,
    private readonly inNamespace: (work: (namespace: number) => string) => Promise<string>,
    private readonly settle: () => void,
  ) {}

  /** As many bytes as there is room for, at most those. */
  write(name: string, bytes: number): number {
    return this.#within((path) => {
      const file = openedUnlessFull(path(name));
      if (file === undefined) return 0;
      const chunk = Buffer.alloc(1 << 14, 7);
      try {
        unlessFull(() => {
          for (let at = 0; at < bytes; at += chunk.length) writeSync(file, chunk);
        });
        unlessFull(() => fsyncSync(file));
        return fstatSync(file).size;
      } finally {
        closeSync(file);
      }
    });
  }

  /** As many empty files as there is room for, at most those. */
  makeFiles(count: number): number {
    return this.#within((path) => {
      let made = 0;
      unlessFull(() => {
        for (; made < count; made++) closeSync(openSync(path(`f${made}`), 'w'));
      });
      return made;
    });
  }

  put(name: string, text: string): void {
    this.#within((path) => writeFileSync(path(name), text, { flush: true }));
  }
  read(name: string): string {
    return this.#within((path) => readFileSync(path(name), 'utf8'));
  }
  remove(name: string): void {
    this.#within((path) => rmSync(path(name), { force: true }));
    this.settle();
  }

  /** What only programs do, in its root. */
  run(argv: readonly [string, ...string[]]): string {
    return this.#within(() => execFileSync(argv[0], argv.slice(1), { cwd: 'root', encoding: 'utf8' }));
  }

  /** By the container's own root, in its root. */
  async enter(script: string): Promise<string> {
    const argv = ['--user=/proc/self/fd/3', '-S', '0', '-G', '0', 'sh', '-c', script];
    return await this.inNamespace((namespace) =>
      this.#within(() =>
        execFileSync('nsenter', argv, {
          cwd: 'root',
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'inherit', namespace],
        }),
      ),
    );
  }

  attribute(name: string, attribute: string): Buffer {
    const value = Buffer.alloc(256);
    return this.#within((path) => {
      const size = check(cGetxattr(path(name), attribute, value, value.length), 'getxattr', attribute);
      return value.subarray(0, size);
    });
  }
  setAttribute(name: string, attribute: string, value: Buffer): void {
    this.#within(
      (path) => void check(cSetxattr(path(name), attribute, value, value.length, 0), 'setxattr', attribute),
    );
  }

  /** Of its root, and its mode. */
  owner(): string {
    return this.#within((path) => {
      const { uid, gid, mode } = statSync(path('.'));
      return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
    });
  }

  usage(): Usage {
    this.settle();
    return this.#within((path) => {
      const { blocks, bfree, bsize, files, ffree } = statfsSync(path('.'));
      return { bytes: (blocks - bfree) * bsize, inodes: files - ffree };
    });
  }

  /** `work` gets what names a file of the container's. */
  #within<T>(work: (path: (name: string) => string) => T): T {
    const results: T[] = [];
    this.mounts.within(() => void results.push(work((name) => join('root', name))));
    const [result] = results;
    return result as T;
  }
}

/** A limit, or the disk below. For EDQUOT, which ext4 says of projects, libuv has no word. */
const fullCodes = ['ENOSPC', 'EIO', 'no-space', 'UNKNOWN', 'Unknown system error -122'];
export const isFull = (error: unknown): boolean => fullCodes.some((code) => isErrno(error, code));

/** XFS has no room for a name either. */
function openedUnlessFull(path: string): number | undefined {
  try {
    return openSync(path, 'w');
  } catch (error) {
    if (isFull(error)) return undefined;
    throw error;
  }
}

function unlessFull(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}
