// What the host holds of ours: each thing with its owner, and the strays that have none any more.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Asset, AssetReport } from '@ctvirt/api';
import type { Driver } from './drivers/driver.js';
import { foldersIn, removeTree } from './host/files.js';
import { unlessGone } from './host/gone.js';
import { type HeldAsset, kindAt } from './host/held-asset.js';
import { type BoundLoop, boundLoops } from './host/loop.js';
import { run } from './host/run.js';
import { removeWithVolumes } from './host/volumes.js';
import type { NetworkHost } from './networks/contract/network-host.js';
import type { KnownNetworks } from './networks/known-networks.js';
import type { Entry, Registry } from './registry/registry.js';
import type { Graves } from './state/graves.js';
import type { IdRanges } from './state/id-ranges.js';
import { diskName, type Layout } from './state/layout.js';
import type { KeyedQueue } from './state/queue.js';
import type { DomainStore } from './state/store.js';
import type { RootMounts } from './storage/root-mounts.js';

/** Dependencies of `Assets`. */
export interface AssetParts {
  readonly layout: Layout;
  readonly registry: Registry;
  readonly store: DomainStore;
  readonly graves: Pick<Graves, 'isErasing'>;
  readonly driver: Driver;
  readonly networkHost: Pick<NetworkHost, 'assets' | 'remarks'>;
  readonly knownNetworks: Pick<KnownNetworks, 'entries'>;
  readonly networkQueue: KeyedQueue;
  readonly ids: IdRanges;
  readonly rootMounts: RootMounts;
  /** What is just being done makes and removes things whose owner is not, or no more, to be seen. */
  readonly queue: KeyedQueue;
  readonly isChangingTemplates: () => boolean;
}

/** Who owns what an operation under way has in its hands. */
const UNDER_WAY = 'operation';

/** In which order they are told and removed. */
const kinds: Readonly<Record<Asset['kind'], number>> = {
  file: 0,
  folder: 0,
  mount: 1,
  process: 2,
  profile: 3,
  loop: 4,
  link: 5,
  cgroup: 6,
  'id-range': 7,
  table: 8,
};

/** Lists what the host holds of ours, and removes what has no owner. */
export class Assets {
  constructor(private readonly parts: AssetParts) {}

  /** What still runs of a domain that is known no more keeps its ids: nobody else may be given them meanwhile. */
  async claimIds(): Promise<void> {
    const { driver, registry, ids } = this.parts;
    for (const stray of await driver.strayIds(registry.entries())) ids.claimStray(stray);
  }

  async check(): Promise<AssetReport> {
    const all = this.#all().map(({ kind, what, owner }): Asset => ({ kind, what, owner }));
    return {
      owned: all.filter(({ owner }) => owner !== null),
      stray: all.filter(({ owner }) => owner === null),
      remarks: await this.#remarks(),
    };
  }

  /** Returns what is gone; throws for the first that stays, after all others were removed. */
  async clean(): Promise<Asset[]> {
    const strays = this.#strays();
    const failed = new Map<string, unknown>();
    for (const stray of strays)
      try {
        await stray.remove();
      } catch (error) {
        failed.set(keyOf(stray), error);
      }
    // Whoever goes by himself may go while he is being removed, and is not there to be.
    if (failed.size > 0)
      for (const left of this.#strays()) if (failed.has(keyOf(left))) throw failed.get(keyOf(left));
    return strays.map(({ kind, what, owner }) => ({ kind, what, owner }));
  }

  #strays(): HeldAsset[] {
    return this.#all().filter(({ owner }) => owner === null);
  }

  #all(): HeldAsset[] {
    const byDiskName = this.#byDiskName();
    const { driver, registry, queue } = this.parts;
    const isBusy = ({ record }: Pick<Entry, 'record'>): boolean => queue.isBusy(record.name);
    return [
      ...this.#files(byDiskName),
      ...driver.assets({ subjects: registry.entries(), isBusy }),
      ...this.#rootMounts(),
      ...this.#networks(),
      ...this.#loops(byDiskName),
      ...this.#ids(byDiskName),
    ].sort((a, b) => kinds[a.kind] - kinds[b.kind]);
  }

  /** Of a network the operation under way has in its hands what nobody seems to own. */
  #networks(): HeldAsset[] {
    const { networkHost, networkQueue } = this.parts;
    const unfinished = networkQueue.isBusy() ? UNDER_WAY : null;
    const ownerOf = (owner: string | null): string | null =>
      owner === null ? unfinished : owner === 'daemon' ? owner : `network ${owner}`;
    return networkHost.assets().map((asset) => ({
      kind: asset.kind,
      what: asset.what,
      owner: ownerOf(asset.owner),
      remove: () => asset.remove(),
    }));
  }

  /** Of each network that runs, what other programs do to it. */
  async #remarks(): Promise<string[]> {
    const { networkHost, knownNetworks } = this.parts;
    const remarks: string[] = [];
    for (const { name, live } of knownNetworks.entries())
      for (const remark of live === undefined ? [] : await networkHost.remarks(live.plan))
        remarks.push(`network '${name}': ${remark}`);
    return remarks;
  }

  #byDiskName(): Map<string, Entry> {
    return new Map([...this.parts.registry.entries()].map((entry) => [diskName(entry.record.name), entry]));
  }

  /** A domain owns what a run has if it runs, or if an operation of it is under way. */
  #ownerOf(entry: Entry | undefined): string | null {
    if (entry === undefined) return null;
    const { name, uuid } = entry.record;
    if (this.parts.rootMounts.isMounted(uuid)) return name;
    return entry.running !== undefined || this.parts.queue.isBusy(name) ? name : null;
  }

  /** Roots of domains that are off, mounted for the host's administrator. */
  #rootMounts(): HeldAsset[] {
    const { rootMounts, registry } = this.parts;
    return rootMounts.mounted().map((uuid) => ({
      kind: 'mount',
      what: rootMounts.path(uuid),
      owner: registry.byUuid(uuid)?.record.name ?? null,
      remove: () => rootMounts.unmount(uuid),
    }));
  }

  #files(entries: ReadonlyMap<string, Entry>): HeldAsset[] {
    const { layout, queue } = this.parts;
    const unfinished = queue.isBusy() ? UNDER_WAY : null;
    const unfinishedTemplate = this.parts.isChangingTemplates() ? UNDER_WAY : null;
    const tree = (path: string, owner: string | null): HeldAsset => ({
      kind: kindAt(path),
      what: path,
      owner,
      remove: () => removeTree(path),
    });
    const kept = new Map(this.parts.store.keptRoots().map(({ root }) => [root, `${root} (kept)`]));
    const defined = (name: string): string | undefined => entries.get(name)?.record.name;
    const erased = (name: string): string | undefined =>
      this.parts.graves.isErasing(join(layout.roots, name)) ? UNDER_WAY : undefined;
    return [
      ...readdirSync(layout.domains).map((name) =>
        tree(join(layout.domains, name), defined(name) ?? unfinished),
      ),
      ...readdirSync(layout.roots).map((name) => ({
        ...tree(join(layout.roots, name), defined(name) ?? kept.get(name) ?? erased(name) ?? unfinished),
        remove: () => removeWithVolumes(join(layout.roots, name)),
      })),
      ...readdirSync(layout.templates).map((name) =>
        tree(join(layout.templates, name), name.startsWith('.') ? unfinishedTemplate : `template ${name}`),
      ),
    ];
  }

  /** Loop devices free themselves with their last mount: one that backs a file of ours belongs to a running domain. */
  #loops(entries: ReadonlyMap<string, Entry>): HeldAsset[] {
    const { roots } = this.parts.layout;
    return boundLoops().flatMap((loop): HeldAsset[] => {
      const file = fileBelow(roots, loop);
      if (file === undefined) return [];
      const name = file.slice(roots.length + 1).split('/')[0] ?? '';
      const entry = entries.get(name);
      const owner =
        this.#ownerOf(entry) ?? (this.parts.queue.isBusy() && entry === undefined ? UNDER_WAY : null);
      return [
        {
          kind: 'loop',
          what: `${loop.path} (${file})`,
          owner,
          remove: async () => void (await run(['/sbin/losetup', '-d', loop.path])),
        },
      ];
    });
  }

  #ids(entries: ReadonlyMap<string, Entry>): HeldAsset[] {
    const own = [...entries.values()].map(({ record }) => ({ owner: record.name, ids: record.ids }));
    const kept = this.parts.store
      .keptRoots()
      .map(({ root, lease: { ids } }) => ({ owner: `${root} (kept)`, ids }));
    return [...own, ...kept].flatMap(({ owner, ids }): HeldAsset[] => {
      if (ids === null) return [];
      const what = `${ids.start}-${ids.start + ids.count - 1}`;
      return [{ kind: 'id-range', what, owner, remove: () => undefined }];
    });
  }
}

const keyOf = ({ kind, what }: HeldAsset): string => `${kind} ${what}`;

/** The file below a folder that a loop device has. Of one that is deleted the device alone knows the name, and not all of a long one. */
function fileBelow(folder: string, { file, dev, ino }: BoundLoop): string | undefined {
  const known = file.endsWith('*') ? file.slice(0, -1) : file;
  if (!known.startsWith(`${folder}/`) && !(known !== file && folder.startsWith(known))) return undefined;
  if (known === file) return file;
  const isIt = (path: string): boolean => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found?.dev === dev && found.ino === ino;
  };
  const images = foldersIn(folder)
    .map((name) => join(folder, name))
    .flatMap((root) => (unlessGone(() => readdirSync(root)) ?? []).map((name) => join(root, name)));
  return images.find(isIt) ?? (known.startsWith(`${folder}/`) ? known : undefined);
}
